// SPDX-License-Identifier: Apache-2.0
// A node that ends, politely or not, and starts again over its data directory.

#include <csignal>
#include <filesystem>

#include <sys/resource.h>

#include "async/sleep.hpp"
#include "testing/cli_run.hpp"
#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class Restart : public NodeTest {
 protected:
  void stop_politely() {
    const SystemClock clock;
    const BootTime began = clock.boot_now();
    const auto status = runner_.run(node_.stop(5s));
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_TRUE(status->success()) << status->describe();
    EXPECT_LT(clock.boot_now() - began, 5s);
  }

  /// `skrei serve` that is expected to end by itself.
  CliResult serve(std::vector<std::string> flags) {
    flags.insert(flags.begin(), "serve");
    return value(runner_.run(
        run_cli(runner_.loop(), {.arguments = flags, .home = dir_.path(), .limit = 20s})));
  }
};

TEST_F(Restart, ARunningProgramGoesOnThroughAPoliteStop) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"3"}));
  wait_running(id);

  stop_politely();
  EXPECT_FALSE(node_.supervisors().empty());
  start();
  const EndedJob job = ended(id);

  EXPECT_EQ(job.state(), "Completed") << job.text();
  EXPECT_EQ(job.executions.size(), 1u) << job.text();
  EXPECT_EQ(raw_log(job, "stdout"), "sleeping\nwoke up\n");
}

TEST_F(Restart, ARunningProgramGoesOnThroughAKill) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"3"}));
  wait_running(id);

  ASSERT_TRUE(runner_.run(node_.kill()));
  start();
  const EndedJob job = ended(id);

  EXPECT_EQ(job.state(), "Completed") << job.text();
  EXPECT_EQ(job.executions.size(), 1u) << job.text();
  EXPECT_EQ(raw_log(job, "stdout"), "sleeping\nwoke up\n");
}

TEST_F(Restart, WhatEndedWhileTheNodeWasAwayIsRecorded) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"1"}));
  wait_running(id);
  ASSERT_TRUE(runner_.run(node_.kill()));
  runner_.run([]() -> async::Task<void> {
    static_cast<void>(co_await async::sleep_for(1500ms));
  }());

  start();
  const EndedJob job = ended(id);

  EXPECT_EQ(job.state(), "Completed") << job.text();
  EXPECT_EQ(job.executions.size(), 1u) << job.text();
}

TEST_F(Restart, AJobWhoseSupervisorDiedRunsAgainAndIsToldSo) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"2"}));
  wait_running(id);

  ASSERT_TRUE(runner_.run(node_.kill()));
  EXPECT_GE(node_.kill_supervisors(), 2u);
  start();
  const EndedJob job = ended(id, 60s);

  EXPECT_EQ(job.state(), "Completed") << job.text();
  EXPECT_EQ(job.executions.size(), 2u) << job.text();
  EXPECT_EQ(job.completed()["Attempt"], 2) << job.text();
}

TEST_F(Restart, EndedJobsAndContentAreThereAfterIt) {
  json::Value job = wasm_job(add_module("writer.wasm"), {"/outputs", "1000"});
  publish_outputs(job);
  const EndedJob before = run_job(job);
  const std::string id = before.job["ID"];

  stop_politely();
  start();

  const json::Value after = get("/api/v1/orchestrator/jobs/" + id)["Job"];
  EXPECT_EQ(after, before.job);
  EXPECT_EQ(content(before.completed()["PublishedResult"]["Params"]["CID"], "outputs/hello.txt"),
            "hello world\n");
}

TEST_F(Restart, AStoppedNodeLeavesItsPort) {
  stop_politely();

  EXPECT_FALSE(std::filesystem::exists(node_.data_dir() / "skrei.run"));
  EXPECT_FALSE(runner_.run(api_.call("GET", "/livez")));
}

TEST_F(Restart, ASecondNodeOverTheSameFolderIsRefused) {
  const CliResult second = serve({"--data-dir", node_.data_dir().native(), "--api-port", "0"});

  EXPECT_EQ(second.exit_code, 1) << second.err;
  EXPECT_TRUE(second.err.contains(node_.data_dir().native())) << second.err;
  EXPECT_EQ(call("GET", "/livez").status, 200);
}

TEST_F(Restart, APortInUseIsRefused) {
  const std::string port = fmt::format("{}", node_.port());
  const CliResult second = serve({"--data-dir", dir_.path() / "second", "--api-port", port});

  EXPECT_EQ(second.exit_code, 1) << second.err;
  EXPECT_TRUE(second.err.contains(port)) << second.err;
  EXPECT_TRUE(second.err.contains("--api-port")) << second.err;
}

TEST_F(Restart, AFailedCommitEndsTheNodeWithASentenceAndLosesNothingAcknowledged) {
  // The store's log may not grow beyond a little more: a commit fails in its midst.
  json::Value job = wasm_job(add_module("noop.wasm"));
  job["Constraints"] = {{{"Key", "nowhere"}, {"Operator", "="}, {"Values", {"x"}}}};
  std::vector<std::string> acknowledged{submit(job)};
  const std::uintmax_t length = std::filesystem::file_size(node_.data_dir() / "jobs.db-wal");
  const rlimit limit{length + 100'000, length + 100'000};
  ASSERT_EQ(::prlimit(node_.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);

  while (acknowledged.size() < 500) {
    const auto answered = runner_.run(api_.submit(job));
    if (!answered) break;
    acknowledged.push_back(*answered);
  }
  const auto status = runner_.run(node_.wait(10s));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->code, 1) << status->describe();
  EXPECT_TRUE(node_.log().contains("a commit failed; the node ends so that nothing is lost"));
  start();

  for (const std::string& id : acknowledged)
    EXPECT_EQ(get("/api/v1/orchestrator/jobs/" + id)["Job"]["ID"], id);
}

}  // namespace
}  // namespace skrei::e2e
