// SPDX-License-Identifier: Apache-2.0
#include "node/node.hpp"

#include <atomic>
#include <fstream>

#include <gtest/gtest.h>

#include "async/sleep.hpp"
#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "http/client.hpp"
#include "json/json.hpp"

namespace skrei::node {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

/// The machine's clocks, with a wall clock that somebody sets.
class ShiftedClock final : public Clock {
 public:
  WallTime now() const override { return machine_.now() + Duration(shift_.load()); }
  BootTime boot_now() const override { return machine_.boot_now(); }
  void shift(Duration by) { shift_ += by.count(); }

 private:
  SystemClock machine_;
  std::atomic<Duration::rep> shift_ = 0;  // The store's writer reads it too.
};

/// A node in this process with all its real parts, called over its API.
class NodeTest : public ::testing::Test {
 public:
  NodeOptions options() {
    config::Sources sources;
    sources.assignments = {"API.Port=0", "DataDir=" + (dir_.path() / "data").native()};
    sources.assignments.insert(sources.assignments.end(), settings_.begin(), settings_.end());
    const auto config = config::Config::load(sources);
    EXPECT_TRUE(config) << config.error().message;
    auto settings = config::node_settings(*config, dir_.path());
    EXPECT_TRUE(settings) << settings.error().message;
    return {.settings = *settings, .lifetime = Lifetime::Throwaway, .clock = &clock_};
  }

  async::Task<Result<json::Value>> call(std::string method, std::string target,
                                        std::string body = "") {
    http::ClientRequest request{.method = std::move(method), .body = std::move(body)};
    CO_TRY_ASSIGN(request.url, http::Url::parse(fmt::format("http://127.0.0.1:{}{}",
                                                            node_->api_port(), target)));
    CO_TRY_ASSIGN(auto response, co_await client_.send(std::move(request)));
    CO_TRY_ASSIGN(const std::string text, co_await response.read_body(10 << 20));
    if (response.status() != 200) {
      co_return fail(Code::Internal, "{} {}", response.status(), text);
    }
    co_return json::parse(text);
  }

  /// The job once it has ended; 30 s at most.
  async::Task<Result<json::Value>> ended_job(std::string id) {
    for (int i = 0; i < 3000; ++i) {
      CO_TRY_ASSIGN(const auto body, co_await call("GET", "/api/v1/orchestrator/jobs/" + id +
                                                              "?include=executions,history"));
      const std::string state = body["Job"]["State"]["StateType"];
      if (state == "Completed" || state == "Failed" || state == "Stopped") co_return body;
      CO_TRY(co_await async::sleep_for(10ms));
    }
    co_return fail(Code::DeadlineExceeded, "job {} did not end", id);
  }

  async::Task<Result<std::string>> add(std::string bytes) {
    CO_TRY_ASSIGN(const auto body, co_await call("POST", "/api/v1/content?format=raw", bytes));
    co_return body["CID"].get<std::string>();
  }

  template <class Body>
  void with_node(Body body) {
    loop_.run_task(run(std::move(body)));
  }

  template <class Body>
  async::Task<void> run(Body body) {
    auto node = co_await Node::start(loop_, options());
    EXPECT_TRUE(node) << node.error().message;
    if (!node) co_return;
    node_ = *std::move(node);
    const Result<void> done = co_await body(*this);
    EXPECT_TRUE(done) << done.error().message;
    co_await node_->stop(1s);
    node_.reset();
  }

  static std::string module(const char* name) {
    const auto bytes = read_file(std::string(SKREI_TEST_MODULES_DIR "/") + name, 16 << 20);
    EXPECT_TRUE(bytes) << bytes.error().message;
    return std::string(as_chars(*bytes));
  }

  static json::Value job(const std::string& module_cid, json::Value parameters) {
    return {{"Type", "batch"},
            {"Count", 1},
            {"Tasks",
             {{{"Name", "main"},
               {"Engine",
                {{"Type", "wasm"},
                 {"Params", {{"EntryModule", "/main.wasm"}, {"Parameters", parameters}}}}},
               {"Publisher", {{"Type", "ipfs"}}},
               {"ResultPaths", {{{"Name", "outputs"}, {"Path", "/outputs"}}}},
               {"InputSources",
                {{{"Source", {{"Type", "ipfs"}, {"Params", {{"CID", module_cid}}}}},
                  {"Target", "/main.wasm"}}}}}}}};
  }

  /// Runs a job to its end; its id.
  async::Task<Result<std::string>> run_job(std::string module_name) {
    CO_TRY_ASSIGN(const std::string cid, co_await add(module(module_name.c_str())));
    const json::Value request = {{"Job", job(cid, {"0"})}};
    CO_TRY_ASSIGN(const auto submitted,
                  co_await call("PUT", "/api/v1/orchestrator/jobs", json::dump(request)));
    const std::string id = submitted["JobID"];
    CO_TRY_ASSIGN(const auto ended, co_await ended_job(id));
    EXPECT_EQ(ended["Job"]["State"]["StateType"], "Completed") << json::dump(ended);
    co_return id;
  }

  /// Settings of the node beside those that every test has.
  std::vector<std::string> settings_;
  ShiftedClock clock_;
  testing::TempDir dir_;
  async::Loop loop_;
  std::unique_ptr<Node> node_;
  http::Client client_{loop_};
};

TEST_F(NodeTest, AJobGoesInAndItsResultComesOutAsACid) {
  with_node([](NodeTest& test) -> async::Task<Result<void>> {
    CO_TRY_ASSIGN(const std::string cid, co_await test.add(module("exit_code.wasm")));
    const json::Value request = {{"Job", job(cid, {"7"})}};
    CO_TRY_ASSIGN(const auto submitted,
                  co_await test.call("PUT", "/api/v1/orchestrator/jobs", json::dump(request)));
    CO_TRY_ASSIGN(const auto ended, co_await test.ended_job(submitted["JobID"].get<std::string>()));

    EXPECT_EQ(ended["Job"]["State"]["StateType"], "Completed") << json::dump(ended);
    const json::Value& executions = ended["Executions"]["Items"];
    EXPECT_EQ(executions.size(), 1u) << json::dump(ended);
    if (executions.empty()) co_return Result<void>();
    EXPECT_EQ(executions[0]["RunOutput"]["ExitCode"], 7);
    const std::string result = executions[0]["PublishedResult"]["Params"]["CID"];
    CO_TRY_ASSIGN(const auto listing,
                  co_await test.call("GET", "/api/v1/content/" + result + "?format=ls"));
    std::vector<std::string> names;
    for (const auto& item : listing["Items"])
      names.push_back(item["Name"]);
    EXPECT_EQ(names, (std::vector<std::string>{"exitCode", "outputs", "stderr", "stdout"}));
    co_return Result<void>();
  });
}

TEST_F(NodeTest, RetentionTakesEndedJobsAndTheirResultsAndSaysSo) {
  settings_ = {"Orchestrator.Retention.Jobs=1", "Orchestrator.Retention.Interval=1s",
               "Content.CollectInterval=1s"};
  with_node([](NodeTest& test) -> async::Task<Result<void>> {
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i) {
      CO_TRY_ASSIGN(ids.emplace_back(), co_await test.run_job("exit_code.wasm"));
    }
    // An id that is not known is known no more: its page says why.
    std::string message;
    for (int i = 0; i < 1000 && !message.contains("not found"); ++i) {
      CO_TRY(co_await async::sleep_for(20ms));
      const auto gone = co_await test.call("GET", "/api/v1/orchestrator/jobs/" + ids[0]);
      message = gone ? "" : gone.error().message;
    }
    EXPECT_TRUE(message.starts_with("404")) << message;
    EXPECT_TRUE(message.contains("ended jobs are removed after 720h0m0s")) << message;
    CO_TRY_ASSIGN(const auto last,
                  co_await test.call("GET", "/api/v1/orchestrator/jobs/" + ids[2]));
    EXPECT_EQ(last["Retention"]["EndedJobsKept"], 1) << json::dump(last);
    EXPECT_TRUE(last["Retention"]["RemovedAfter"].is_string()) << json::dump(last);
    CO_TRY_ASSIGN(const auto results,
                  co_await test.call("GET", "/api/v1/orchestrator/jobs/" + ids[2] + "/results"));
    const std::string cid = results["Items"][0]["Params"]["CID"];
    CO_TRY(co_await test.call("GET", "/api/v1/content/" + cid + "?format=ls"));
    co_return Result<void>();
  });
}

TEST_F(NodeTest, AClockThatIsSetAYearAheadAndBackRemovesNothing) {
  settings_ = {"Orchestrator.Retention.Interval=1s", "Compute.Logs.Retention=1h"};
  with_node([](NodeTest& test) -> async::Task<Result<void>> {
    CO_TRY_ASSIGN(const std::string id, co_await test.run_job("exit_code.wasm"));
    test.clock_.shift(365 * 24h);
    CO_TRY_ASSIGN(const std::string ahead, co_await test.run_job("exit_code.wasm"));
    CO_TRY(co_await async::sleep_for(2500ms));  // At least one pass of retention.
    test.clock_.shift(-365 * 24h);
    for (const std::string& job : {id, ahead})
      CO_TRY(co_await test.call("GET", "/api/v1/orchestrator/jobs/" + job));
    co_return Result<void>();
  });
}

TEST_F(NodeTest, AClockThatIsSetBackADayWhileJobsRunLosesNone) {
  with_node([](NodeTest& test) -> async::Task<Result<void>> {
    CO_TRY_ASSIGN(const std::string cid, co_await test.add(module("sleep.wasm")));
    const json::Value request = {{"Job", job(cid, {"1"})}};
    CO_TRY_ASSIGN(const auto submitted,
                  co_await test.call("PUT", "/api/v1/orchestrator/jobs", json::dump(request)));
    const std::string id = submitted["JobID"];

    test.clock_.shift(-24h);

    CO_TRY_ASSIGN(const auto ended, co_await test.ended_job(id));
    EXPECT_EQ(ended["Job"]["State"]["StateType"], "Completed") << json::dump(ended);
    EXPECT_EQ(ended["Executions"]["Items"].size(), 1U) << "its lease is not of this clock";
    // History goes by number, not by time.
    const json::Value& history = ended["History"]["Items"];
    for (std::size_t i = 1; i < history.size(); ++i)
      EXPECT_LT(history[i - 1]["SeqNum"], history[i]["SeqNum"]);
    CO_TRY_ASSIGN(const std::string later, co_await test.run_job("exit_code.wasm"));
    CO_TRY_ASSIGN(const auto list, co_await test.call("GET", "/api/v1/orchestrator/jobs"));
    EXPECT_EQ(list["Items"].size(), 2U) << json::dump(list);
    co_return Result<void>();
  });
  // And once more over its restart: what is a day ahead in the store is there.
  clock_.shift(-24h);
  with_node([](NodeTest& test) -> async::Task<Result<void>> {
    CO_TRY_ASSIGN(const std::string id, co_await test.run_job("exit_code.wasm"));
    CO_TRY_ASSIGN(const auto list, co_await test.call("GET", "/api/v1/orchestrator/jobs"));
    EXPECT_EQ(list["Items"].size(), 3U) << json::dump(list);
    co_return Result<void>();
  });
}

TEST_F(NodeTest, AStoreOfANewerVersionIsRefusedWithASentence) {
  with_node([](NodeTest&) -> async::Task<Result<void>> { co_return Result<void>(); });
  for (const char* file : {"jobs.db", "content/index.db"}) {
    const auto path = dir_.path() / "data" / file;
    std::fstream database(path, std::ios::in | std::ios::out | std::ios::binary);
    // user_version: four bytes at offset 60 of an SQLite file; its low byte.
    database.seekg(63);
    const int version = database.get();
    database.seekp(63);
    database.put(99);
    database.close();

    loop_.run_task([](NodeTest& test, std::string name) -> async::Task<void> {
      const auto node = co_await Node::start(test.loop_, test.options());
      EXPECT_FALSE(node);
      if (node) co_return;
      EXPECT_TRUE(node.error().message.contains(name)) << node.error().message;
      EXPECT_TRUE(node.error().message.contains("newer")) << node.error().message;
      EXPECT_TRUE(node.error().hint.contains("start the newer Skrei")) << node.error().hint;
    }(*this, file));

    std::fstream mended(path, std::ios::in | std::ios::out | std::ios::binary);
    mended.seekp(63);
    mended.put(static_cast<char>(version));
  }
  with_node([](NodeTest&) -> async::Task<Result<void>> { co_return Result<void>(); });
}

}  // namespace
}  // namespace skrei::node
