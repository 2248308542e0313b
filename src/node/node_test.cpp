// SPDX-License-Identifier: Apache-2.0
#include "node/node.hpp"

#include <gtest/gtest.h>

#include "async/sleep.hpp"
#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "http/client.hpp"
#include "json/json.hpp"

namespace skrei::node {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// A node in this process with all its real parts, called over its API.
class NodeTest : public ::testing::Test {
 public:
  NodeOptions options() {
    config::Sources sources;
    sources.assignments = {"API.Port=0", "DataDir=" + (dir_.path() / "data").native()};
    const auto config = config::Config::load(sources);
    EXPECT_TRUE(config) << config.error().message;
    auto settings = config::node_settings(*config, dir_.path());
    EXPECT_TRUE(settings) << settings.error().message;
    return {.settings = *settings, .lifetime = Lifetime::Throwaway};
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

}  // namespace
}  // namespace skrei::node
