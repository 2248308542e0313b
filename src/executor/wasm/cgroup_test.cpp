// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/cgroup.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing/temp_dir.hpp"

namespace skrei::executor::wasm {
namespace {

TEST(CgroupHierarchies, OneOfVersion2UnderAServiceManager) {
  const auto found = parse_hierarchies(
      "0::/system.slice/skrei.service\n",
      "24 1 0:22 / /sys rw - sysfs sysfs rw\n"
      "29 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");

  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].version2());
  EXPECT_EQ(found[0].own, "/sys/fs/cgroup/system.slice/skrei.service");
}

TEST(CgroupHierarchies, SeveralOfVersion1WithJoinedControllers) {
  const auto found = parse_hierarchies(
      "9:name=systemd:/user\n4:memory:/a/b\n2:cpu,cpuacct:/\n1:blkio:/\n",
      "30 24 0:27 / /sys/fs/cgroup/memory rw shared:5 - cgroup cgroup rw,memory\n"
      "31 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:6 - cgroup cgroup rw,cpu,cpuacct\n");

  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], (CgroupHierarchy{.controllers = {"memory"},
                                       .mount = "/sys/fs/cgroup/memory",
                                       .own = "/sys/fs/cgroup/memory/a/b"}));
  EXPECT_EQ(found[1], (CgroupHierarchy{.controllers = {"cpu", "cpuacct"},
                                       .mount = "/sys/fs/cgroup/cpu,cpuacct",
                                       .own = "/sys/fs/cgroup/cpu,cpuacct"}));
}

TEST(CgroupHierarchies, AMountThatShowsOnlyAPartIsRespected) {
  const std::string_view mounts =
      "30 24 0:27 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

  EXPECT_EQ(parse_hierarchies("4:memory:/docker/x/y\n", mounts).at(0).own,
            "/sys/fs/cgroup/memory/y");
  EXPECT_TRUE(parse_hierarchies("4:memory:/docker/xy\n", mounts).empty());
  EXPECT_TRUE(parse_hierarchies("4:memory:/elsewhere\n", mounts).empty());
}

TEST(CgroupHierarchies, NonsenseIsLeftOut) {
  EXPECT_TRUE(parse_hierarchies("", "").empty());
  EXPECT_TRUE(parse_hierarchies("x\n1:\n::\n4:memory:/", "- - -\n1 2 3 - cgroup\n").empty());
}

TEST(CgroupTree, WithoutHierarchiesSaysSo) {
  const auto tree = CgroupTree::open({.data_dir = "/nowhere", .hierarchies = {{}}});

  EXPECT_FALSE(tree->support().any());
  EXPECT_EQ(tree->support().missing.size(), 3u);
  EXPECT_EQ(tree->create("e-1", {}).error().code, Code::FailedPrecondition);
}

TEST(CgroupTree, AFolderThatIsNoCgroupIsReported) {
  const skrei::testing::TempDir dir;
  const CgroupHierarchy hierarchy{
      .controllers = {"memory"}, .mount = dir.path(), .own = dir.path()};

  const auto tree = CgroupTree::open({.data_dir = "/nowhere", .hierarchies = {{hierarchy}}});

  EXPECT_FALSE(tree->support().memory);
  EXPECT_TRUE(tree->support().missing.front().contains("cgroup.procs"));
}

/// With the machine's own cgroups, where they can be written.
class RealCgroups : public ::testing::Test {
 protected:
  void SetUp() override {
    tree_ = CgroupTree::open({.data_dir = dir_.path(), .hierarchies = {}});
    if (!tree_->support().any()) {
      GTEST_SKIP() << "no cgroup can be made here: " << tree_->support().missing.front();
    }
  }
  void TearDown() override {
    tree_->remove_all_except({});
    tree_->remove_tree();
  }

  /// A child in `job` that runs `body`; gives its wait status.
  template <class Body>
  static int run_in(const Cgroup& job, Body body) {
    const pid_t child = fork();
    if (child == 0) _exit(job.add(0) ? body() : 250);
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }

  skrei::testing::TempDir dir_;
  std::unique_ptr<CgroupTree> tree_;
};

TEST_F(RealCgroups, MemoryBeyondTheLimitIsAnOutOfMemoryKill) {
  if (!tree_->support().memory) GTEST_SKIP() << "no memory controller here";
  auto job = tree_->create("e-1", {.memory_bytes_max = 16 << 20});
  ASSERT_TRUE(job) << job.error().message;

  const int status = run_in(*job, [] {
    constexpr std::size_t kSize = 64 << 20;
    void* space = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memset(space, 1, kSize);
    return 0;
  });

  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(job->usage().oom_kills, 1u);
  EXPECT_GT(job->usage().memory_peak_bytes.value_or(0), 8u << 20);
  EXPECT_TRUE(job->remove());
}

TEST_F(RealCgroups, ProcessesBeyondTheLimitAreRefused) {
  if (!tree_->support().pids) GTEST_SKIP() << "no pids controller here";
  const auto job = tree_->create("e-1", {.processes_max = 1});
  ASSERT_TRUE(job) << job.error().message;

  const int status = run_in(*job, [] {
    const pid_t second = fork();
    if (second == 0) _exit(0);
    return second < 0 ? errno : 0;
  });

  EXPECT_EQ(WEXITSTATUS(status), EAGAIN);
}

TEST_F(RealCgroups, CpuTimeIsTold) {
  if (!tree_->support().cpu_time) GTEST_SKIP() << "no account of CPU time here";
  const auto job = tree_->create("e-1", {});
  ASSERT_TRUE(job) << job.error().message;

  run_in(*job, [] {
    unsigned sum = 0;
    for (unsigned i = 0; i < 1'000'000; ++i)
      sum += i;
    return sum == 1 ? 1 : 0;
  });

  EXPECT_GT(job->usage().cpu_time.value_or(std::chrono::nanoseconds(0)).count(), 0);
}

TEST_F(RealCgroups, LeftOversOfACrashAreKilledAndRemovedButNotWhatIsKept) {
  const auto stale = tree_->create("e-stale", {});
  ASSERT_TRUE(stale) << stale.error().message;
  ASSERT_TRUE(tree_->create("e-kept", {}));
  const pid_t child = fork();
  if (child == 0) {
    while (true)
      pause();
  }
  ASSERT_TRUE(stale->add(child));

  const auto again = CgroupTree::open({.data_dir = dir_.path(), .hierarchies = {}});
  // The child is ours to wait for; while it is a zombie it still counts as inside.
  std::signal(SIGCHLD, SIG_IGN);
  const std::array<std::string, 1> kept = {"e-kept"};
  const auto removed = again->remove_all_except(kept);
  std::signal(SIGCHLD, SIG_DFL);

  EXPECT_EQ(removed, std::vector<std::string>{"e-stale"});
  EXPECT_TRUE(again->find("e-kept"));
  EXPECT_EQ(again->find("e-stale").error().code, Code::NotFound);
}

TEST_F(RealCgroups, AnIdThatIsNoNameIsRefusedAndTheSameIdTwiceToo) {
  EXPECT_EQ(tree_->find("../e").error().code, Code::InvalidArgument);
  EXPECT_EQ(tree_->create("../e", {}).error().code, Code::InvalidArgument);
  ASSERT_TRUE(tree_->create("e-1", {}));
  EXPECT_EQ(tree_->create("e-1", {}).error().code, Code::AlreadyExists);
}

TEST_F(RealCgroups, CostIsShown) {
  constexpr int kRounds = 20;
  std::vector<std::int64_t> costs;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    auto job = tree_->create(fmt::format("e-{}", round), {.memory_bytes_max = 64 << 20});
    if (!job) job = tree_->create(fmt::format("e-{}", round), {});
    ASSERT_TRUE(job && job->remove());
    costs.push_back((std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(costs);
  fmt::print("create and remove: median {} us, highest {} us\n", costs[kRounds / 2] / 1000,
             costs.back() / 1000);
}

}  // namespace
}  // namespace skrei::executor::wasm
