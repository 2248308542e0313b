// SPDX-License-Identifier: Apache-2.0
// Backup of a node that runs under load, and what a restored one knows.

#include <filesystem>
#include <fstream>

#include "async/sleep.hpp"
#include "testing/cli_run.hpp"
#include "testing/crash_load.hpp"
#include "testing/node_test.hpp"
#include "testing/store_check.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
namespace fs = std::filesystem;

class BackupRestore : public NodeTest {
 protected:
  CliResult skrei(std::vector<std::string> arguments) {
    return value(runner_.run(
        run_cli(runner_.loop(),
                {.arguments = std::move(arguments), .home = dir_.path(), .port = node_.port()})));
  }
  CliResult restore() {
    return skrei({"restore", file().native(), "--data-dir", node_.data_dir().native()});
  }
  json::Value publishing_job() {
    json::Value job = wasm_job(add_module("writer.wasm"), {"/outputs", "1000"});
    publish_outputs(job);
    return job;
  }
  void check_result(const EndedJob& job) {
    const std::string cid = job.completed()["PublishedResult"]["Params"]["CID"];
    EXPECT_EQ(content(cid, "outputs/hello.txt"), "hello world\n") << job.text();
  }
  void lose_the_node() {
    ASSERT_TRUE(runner_.run(node_.kill()));
    node_.kill_supervisors();
    fs::remove_all(node_.data_dir());
  }
  fs::path file() const { return dir_.path() / "node.tar"; }
};

TEST_F(BackupRestore, WhatHadEndedIsThereAndWhatWasRunningRunsAgain) {
  SeededRandom random(1);
  const json::Value job = publishing_job();
  CrashLoad load(runner_.loop(), api_, random,
                 {.kinds = {{.job = job, .share = 50},
                            {.job = wasm_job(add_module("sleep.wasm"), {"0.2"}), .share = 50}}});
  std::vector<EndedJob> before;
  for (int i = 0; i < 3; ++i)
    before.push_back(run_job(job));
  load.allow(200);
  load.start();
  runner_.run([]() -> async::Task<void> {
    static_cast<void>(co_await async::sleep_for(500ms));
  }());

  const CliResult backup = skrei({"backup", file().native()});
  ASSERT_EQ(backup.exit_code, 0) << backup.err;
  EXPECT_TRUE(backup.out.contains(file().native())) << backup.out;
  runner_.run(load.stop());
  const CliResult verified = skrei({"backup", "--verify", file().native()});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_TRUE(verified.out.contains("whole")) << verified.out;
  lose_the_node();

  const CliResult restored = restore();
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  EXPECT_TRUE(restored.err.contains("run again")) << restored.err;
  const Result<void> whole = check_stores(node_.data_dir());
  EXPECT_TRUE(whole) << whole.error().message;
  start();

  for (const EndedJob& earlier : before) {
    const EndedJob job_now = ended(earlier.job["ID"]);
    EXPECT_EQ(job_now.job, earlier.job);
    EXPECT_EQ(job_now.executions, earlier.executions);
    check_result(job_now);
  }
  const auto stored = value(runner_.run(api_.all_items("/api/v1/orchestrator/jobs?limit=1000")));
  EXPECT_GE(stored.size(), before.size());
  for (const json::Value& item : stored) {
    const EndedJob job_now = ended(item["ID"], 60s);
    EXPECT_EQ(job_now.state(), "Completed") << job_now.text();
    if (!job_now.completed()["PublishedResult"]["Type"].get<std::string>().empty()) {
      check_result(job_now);
    }
  }
  std::printf("backup: %zu jobs in it, all ended and their results fetched\n", stored.size());
}

TEST_F(BackupRestore, AFolderTakesBackupsAlsoOfANodeThatDoesNotRun) {
  const EndedJob before = run_job(publishing_job());
  ASSERT_TRUE(runner_.run(node_.stop(10s)));
  const fs::path folder = dir_.path() / "backups";
  fs::create_directories(folder);

  const CliResult backup =
      skrei({"backup", folder.native(), "--data-dir", node_.data_dir().native()});
  ASSERT_EQ(backup.exit_code, 0) << backup.err;
  fs::rename(fs::directory_iterator(folder)->path(), file());
  fs::remove_all(node_.data_dir());
  ASSERT_EQ(restore().exit_code, 0);
  start();

  const EndedJob after = ended(before.job["ID"]);
  EXPECT_EQ(after.job, before.job);
  check_result(after);
}

TEST_F(BackupRestore, WrongTargetsAndDamageAreRefusedWithASentence) {
  ASSERT_EQ(skrei({"backup", file().native()}).exit_code, 0);

  const CliResult exists = skrei({"backup", file().native()});
  EXPECT_EQ(exists.exit_code, 1);
  EXPECT_TRUE(exists.err.contains("exists")) << exists.err;
  const CliResult not_empty = restore();
  EXPECT_EQ(not_empty.exit_code, 1);
  EXPECT_TRUE(not_empty.err.contains("is not empty")) << not_empty.err;
  lose_the_node();
  fs::resize_file(file(), fs::file_size(file()) / 2);
  const CliResult damaged = restore();
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_TRUE(damaged.err.contains("Error: ")) << damaged.err;
  EXPECT_FALSE(fs::exists(node_.data_dir() / "VERSION"));
  EXPECT_EQ(skrei({"backup", "--verify", file().native()}).exit_code, 1);
}

TEST_F(BackupRestore, AnEndedJobSaysHowLongItIsKept) {
  const EndedJob job = run_job(wasm_job(add_module("noop.wasm")));

  const CliResult described = skrei({"job", "describe", job.job["ID"]});

  EXPECT_TRUE(described.out.contains("Kept until:")) << described.out;
  EXPECT_TRUE(described.out.contains("or until 1000000 others have ended since")) << described.out;
}

}  // namespace
}  // namespace skrei::e2e
