// SPDX-License-Identifier: Apache-2.0
// A node on a small disk: nearly full, full to the last byte, gone read-only. Goal: a sentence
// each, nothing acknowledged is lost, and it goes on when there is space again.

#include "async/sleep.hpp"
#include "testing/cli_run.hpp"
#include "testing/crash_load.hpp"
#include "testing/node_test.hpp"
#include "testing/small_disk.hpp"
#include "testing/store_check.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::uint64_t kDiskBytes = std::uint64_t{160} << 20;

class SmallDiskTest : public NodeTest {
 protected:
  void SetUp() override {
    auto disk = SmallDisk::mount(dir_.path() / "disk.img", dir_.path() / "data", kDiskBytes);
    if (!disk) {
      GTEST_SKIP() << "NOT TESTED: full and read-only disks, which need root (or `unshare -Urm`): "
                   << disk.error().message;
    }
    disk_ = *std::move(disk);
  }
  void TearDown() override {
    NodeTest::TearDown();
    if (node_.running()) static_cast<void>(runner_.run(node_.kill()));
    node_.kill_supervisors();
  }

  void start_with(std::vector<std::string> flags) {
    node_.set_flags(std::move(flags));
    start();
  }
  void wait(Duration duration) {
    runner_.run([](Duration time) -> async::Task<void> {
      static_cast<void>(co_await async::sleep_for(time));
    }(duration));
  }
  CliResult serve() {
    return value(runner_.run(
        run_cli(runner_.loop(),
                {.arguments = {"serve", "--data-dir", node_.data_dir().native(), "--api-port", "0"},
                 .home = dir_.path(),
                 .limit = 20s})));
  }
  ApiAnswer put_job(const json::Value& job) {
    return call("PUT", "/api/v1/orchestrator/jobs", json::dump({{"Job", job}}));
  }

  std::unique_ptr<SmallDisk> disk_;
};

TEST_F(SmallDiskTest, BelowTheFloorNewWorkIsRefusedAndAcceptedWorkGoesOn) {
  start_with({});
  const std::string noop = add_module("noop.wasm");
  const std::string sleep = add_module("sleep.wasm");
  EXPECT_EQ(run_job(wasm_job(noop)).state(), "Completed");
  EXPECT_EQ(run_job(wasm_job(sleep, {"0.1"})).state(), "Completed");
  const std::string accepted = submit(wasm_job(sleep, {"2"}));
  wait_running(accepted);

  ASSERT_TRUE(disk_->fill(4 << 20));  // The floor is 5 % of it: 8 MB.

  const ApiAnswer refused = put_job(wasm_job(noop));
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_TRUE(refused.message().contains("less than the floor")) << refused.body;
  const ApiAnswer add = call("POST", "/api/v1/content", "some bytes");
  EXPECT_EQ(add.status, 507) << add.body;
  EXPECT_TRUE(add.message().contains("less than the floor")) << add.body;
  EXPECT_EQ(call("GET", "/readyz").status, 503);
  EXPECT_EQ(ended(accepted).state(), "Completed") << "accepted work goes on";

  ASSERT_TRUE(disk_->empty());
  EXPECT_EQ(call("GET", "/readyz").status, 200);
  EXPECT_EQ(run_job(wasm_job(noop)).state(), "Completed");
  EXPECT_FALSE(add_module("writer.wasm").empty());
}

TEST_F(SmallDiskTest, WithoutAFloorAFullDiskEndsTheNodeAndNothingAcknowledgedIsLost) {
  start_with({"-c", "Content.FreeFloor=0"});
  SeededRandom random(1);
  const std::string noop = add_module("noop.wasm");
  EXPECT_EQ(run_job(wasm_job(noop)).state(), "Completed");
  CrashLoad load(runner_.loop(), api_, random,
                 {.pause = 2ms, .kinds = {{.job = wasm_job(noop), .share = 100}}});
  load.allow(100'000);
  load.start();
  wait(300ms);

  ASSERT_TRUE(disk_->fill(0));
  const auto status = runner_.run(node_.wait(60s));
  ASSERT_TRUE(status) << status.error().message;
  runner_.run(load.stop());
  EXPECT_NE(status->code, 0) << status->describe();
  const std::string log = node_.log();
  EXPECT_TRUE(log.contains("a commit failed; the node ends so that nothing is lost")) << log;

  const std::size_t acknowledged = load.acknowledged().size();
  EXPECT_GT(acknowledged, 0u);
  ASSERT_TRUE(disk_->empty());
  start();
  for (const auto& [id, kind] : load.acknowledged()) {
    const EndedJob job = ended(id, 60s);
    ASSERT_FALSE(job.state().empty()) << id;
    // A full disk is no fault of the job; with its retries used up it may still have failed.
    if (job.state() == "Failed") EXPECT_FALSE(job.message().empty()) << job.text();
  }
  EXPECT_EQ(run_job(wasm_job(noop)).state(), "Completed");
  std::printf("full disk: %zu jobs acknowledged, all there\n", acknowledged);
}

TEST_F(SmallDiskTest, AFileSystemThatGoesReadOnlyEndsTheNodeWithASentence) {
  if (disk_->kind() != SmallDisk::Kind::Ext4) GTEST_SKIP() << "NOT TESTED: needs a loop device";
  start_with({});
  const json::Value job = wasm_job(add_module("noop.wasm"));
  const EndedJob before = run_job(job);

  ASSERT_TRUE(disk_->abort());
  // Its connection breaks or it is refused; it is not acknowledged in any case.
  const auto answer =
      runner_.run(api_.call("PUT", "/api/v1/orchestrator/jobs", json::dump({{"Job", job}})));
  if (answer) EXPECT_NE(answer->status, 200) << answer->body;
  const auto status = runner_.run(node_.wait(30s));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_NE(status->code, 0) << status->describe();
  EXPECT_TRUE(node_.log().contains("a commit failed")) << node_.log();
  node_.kill_supervisors();

  const CliResult again = serve();
  EXPECT_EQ(again.exit_code, 1) << again.err;
  EXPECT_TRUE(again.err.contains("ead-only file system")) << again.err;
  ASSERT_TRUE(disk_->remount(false));
  start();
  EXPECT_EQ(get("/api/v1/orchestrator/jobs/" + before.job["ID"].get<std::string>())["Job"],
            before.job);
}

TEST_F(SmallDiskTest, AStartOnAReadOnlyDiskIsRefusedWithASentence) {
  if (disk_->kind() != SmallDisk::Kind::Ext4) GTEST_SKIP() << "NOT TESTED: needs a loop device";
  start_with({});
  ASSERT_TRUE(runner_.run(node_.stop(10s)));
  node_.kill_supervisors();
  ASSERT_TRUE(disk_->remount(true));

  const CliResult refused = serve();

  EXPECT_EQ(refused.exit_code, 1) << refused.err;
  EXPECT_TRUE(refused.err.contains(node_.data_dir().native())) << refused.err;
  EXPECT_TRUE(refused.err.contains("ead-only file system")) << refused.err;
  ASSERT_TRUE(disk_->remount(false));
  start();
}

}  // namespace
}  // namespace skrei::e2e
