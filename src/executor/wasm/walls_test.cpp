// SPDX-License-Identifier: Apache-2.0
//
// Goal: native code inside the walls reaches nothing but its own input and output.
// Method: each attempt (testing/hostile.hpp) runs in a child of its own, once without walls, where
// it must work if this user's rights allow it, and once inside them, where it must be refused. The
// same for honest work, which must succeed. At each level, and from root as from an ordinary user.
#include "executor/wasm/walls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "executor/wasm/landlock.hpp"
#include "executor/wasm/privileges.hpp"
#include "executor/wasm/testing/hostile.hpp"
#include "executor/wasm/walls_support.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SKREI_TEST_ASAN 1
#endif
#endif

namespace skrei::executor::wasm {
namespace {

using testing::Attempt;
using testing::Bare;
using testing::Scene;

constexpr uid_t kNobody = 65534;
constexpr int kWallsFailed = 250;  // Above every errno.

int wait_status(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

bool worked(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Which wall it was, from the way the attempt ended.
std::string describe(int status) {
  if (WIFSIGNALED(status)) {
    return WTERMSIG(status) == SIGSYS ? "seccomp: killed"
                                      : fmt::format("signal {}", WTERMSIG(status));
  }
  const int error = WEXITSTATUS(status);
  switch (error) {
    case 0:
      return "worked";
    case kWallsFailed:
      return "the walls could not be built";
    case EPERM:
      return "seccomp or owner: Operation not permitted";
    case ENOSYS:
      return "seccomp: Function not implemented";
    case EACCES:
      return "Landlock or owner: Permission denied";
    case EBADF:
      return "closed descriptors: Bad file descriptor";
    case ENOENT:
      return "empty root: No such file or directory";
    case EROFS:
      return "read-only mount: Read-only file system";
    default:
      return strerrordesc_np(error) == nullptr ? "?" : strerrordesc_np(error);
  }
}

enum class From { Root, OrdinaryUser };

struct Setting {
  const char* name;
  WallsLevel level;
  From from;
};

class Walls : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    const Setting& setting = GetParam();
    support_ = probe_walls();
    const bool root = geteuid() == 0;
    if (setting.from == From::Root && (!root || !support_.users)) {
      GTEST_SKIP() << "needs root";
    }
    if (setting.level == WallsLevel::Landlock && support_.landlock_abi == 0) {
      GTEST_SKIP() << "no Landlock here";
    }
    if (setting.level == WallsLevel::Namespaces && !support_.namespaces) {
      GTEST_SKIP() << "no namespaces here";
    }
    make_scene();
  }

  void TearDown() override {
    if (scene_.sibling <= 0) return;
    kill(scene_.sibling, SIGKILL);
    wait_status(scene_.sibling);
  }

  void make_scene() {
    const std::filesystem::path root = dir_.path();
    chmod(root.c_str(), 0755);
    for (const char* name : {"input", "output", "store", "cache"}) {
      std::filesystem::create_directory(root / name);
    }
    for (const char* name : {"input/data", "input/spare", "store/secret", "movable"}) {
      const auto file = open_file(root / name, O_WRONLY | O_CREAT, 0644);
      ASSERT_TRUE(file && write_all(file->get(), as_bytes("secret"), name));
    }
    struct stat status{};
    ASSERT_EQ(stat(root.c_str(), &status), 0);
    scene_.root = root.string();
    scene_.root_device = status.st_dev;
    scene_.root_inode = status.st_ino;
    scene_.store_file = (root / "store/secret").string();
    scene_.cache_dir = (root / "cache").string();
    scene_.input_dir = (root / "input").string();
    scene_.output_dir = (root / "output").string();
    input_.reset(open(scene_.input_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    output_.reset(open(scene_.output_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    secret_.reset(open(scene_.store_file.c_str(), O_RDONLY));
    scene_.input_fd = input_.get();
    scene_.output_fd = output_.get();
    scene_.secret_fd = secret_.get();
    if (geteuid() == 0) ASSERT_EQ(fchown(output_.get(), user(), user()), 0);
    start_sibling();
  }

  /// A process of the very user that the attempts run as: ids alone would not protect it.
  void start_sibling() {
    scene_.sibling = fork();
    ASSERT_GE(scene_.sibling, 0);
    if (scene_.sibling != 0) return;
    std::signal(SIGUSR1, SIG_IGN);
    while (true)
      pause();
  }

  uid_t user() const {
    if (geteuid() != 0) return geteuid();
    return GetParam().from == From::Root ? support_.users->at(7).uid : kNobody;
  }

  WallsPlan plan() {
    roots_ = {WallsRoot{.fd = input_.get(), .access = RootAccess::ReadOnly},
              WallsRoot{.fd = output_.get(), .access = RootAccess::ReadWrite}};
    WallsPlan plan;
    plan.level = GetParam().level;
    plan.roots = roots_;
    plan.limits = {.cpu_seconds_max = 10, .file_bytes_max = 1 << 20, .fds_max = 64};
#ifndef SKREI_TEST_ASAN
    plan.limits.data_bytes_max = 512U << 20;
#endif
    if (GetParam().from == From::Root) plan.user = support_.users->at(7);
    plan.parent = getpid();
    plan.seccomp = &program();
    return plan;
  }

  /// As a process that was this user's from the start.
  static bool become_param_user() {
    if (GetParam().from == From::Root || geteuid() != 0) return true;
    return become({.uid = kNobody, .gid = kNobody}).has_value() &&
           prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
  }

  static const SeccompProgram& program() {
    static const auto built = SeccompProgram::build(SeccompProgram::Profile::Guest);
    return *built;
  }

  int run_inside(const Attempt& attempt) {
    const WallsPlan walls = plan();
    const pid_t child = fork();
    if (child == 0) {
      if (!become_param_user()) _exit(kWallsFailed);
      const std::array kept = {2, input_.get(), output_.get()};
      if (!close_fds_except(kept)) _exit(kWallsFailed);
      if (const auto report = apply_walls(walls); !report) {
        const std::string text = report.error().message + "\n";
        (void)!write(2, text.data(), text.size());
        _exit(kWallsFailed);
      }
      _exit(attempt.run(scene_));
    }
    return wait_status(child);
  }

  int run_bare(const Attempt& attempt) {
    const pid_t child = fork();
    if (child == 0) _exit(attempt.run(scene_));
    return wait_status(child);
  }

  skrei::testing::TempDir dir_;
  WallsSupport support_;
  Scene scene_;
  UniqueFd input_;
  UniqueFd output_;
  UniqueFd secret_;
  std::array<WallsRoot, 2> roots_;
};

TEST_P(Walls, RefuseWhatIsHostile) {
  fmt::print("{:<42} {:<22} {}\n", "attempt", "without walls", "inside");
  for (const Attempt& attempt : testing::hostile_attempts()) {
    const int bare = run_bare(attempt);
    const int inside = run_inside(attempt);

    fmt::print("{:<42} {:<22} {}\n", attempt.name, worked(bare) ? "worked" : describe(bare),
               describe(inside));
    const bool must_work =
        attempt.bare == Bare::Works || (attempt.bare == Bare::NeedsRoot && geteuid() == 0);
    if (must_work) EXPECT_TRUE(worked(bare)) << attempt.name << ": this row proves nothing";
    EXPECT_FALSE(worked(inside)) << attempt.name;
    EXPECT_FALSE(WIFEXITED(inside) && WEXITSTATUS(inside) == kWallsFailed) << attempt.name;
    EXPECT_TRUE(WIFEXITED(inside) || WTERMSIG(inside) == SIGSYS)
        << attempt.name << " ended by signal " << WTERMSIG(inside);
  }
  EXPECT_EQ(kill(scene_.sibling, 0), 0) << "the sibling was killed";
}

TEST_P(Walls, LetHonestWorkThrough) {
  for (const Attempt& attempt : testing::honest_attempts()) {
    const int inside = run_inside(attempt);

    EXPECT_TRUE(worked(inside)) << attempt.name << ": " << describe(inside);
  }
}

TEST_P(Walls, AbortStillLooksLikeOne) {
  const int status = run_inside({"abort", [](const Scene&) -> int {
                                   abort();
                                 }});

  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << describe(status);
}

TEST_P(Walls, AFileLongerThanTheLimitIsAnErrorNotADeath) {
  const int status = run_inside({"long file", [](const Scene& scene) -> int {
                                   const int file = openat(scene.output_fd, "long",
                                                           O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                                   if (file < 0) return errno;
                                   return ftruncate(file, (1 << 20) + 1) == 0 ? 0 : errno;
                                 }});

  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EFBIG) << describe(status);
}

TEST_P(Walls, MemoryBeyondTheLimitIsRefused) {
#ifdef SKREI_TEST_ASAN
  GTEST_SKIP() << "AddressSanitizer's shadow memory is far above any limit on data";
#endif
  const int status = run_inside({"memory", [](const Scene&) -> int {
                                   constexpr std::size_t kSize = 600U << 20;
                                   void* space = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                                   return space == MAP_FAILED ? errno : 0;
                                 }});

  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == ENOMEM) << describe(status);
}

/// Shows what each wall costs; no bound is asserted, as the machine may be busy.
TEST_P(Walls, CostIsShown) {
  const WallsPlan walls = plan();
  constexpr int kRounds = 21;
  std::map<std::string, std::vector<std::int64_t>> costs;
  for (int round = 0; round < kRounds; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = fork();
    if (child == 0) {
      if (!become_param_user()) _exit(1);
      const std::array kept = {writer.get(), input_.get(), output_.get()};
      if (!close_fds_except(kept)) _exit(1);
      const auto report = apply_walls(walls);
      if (!report) _exit(1);
      std::string text;
      for (const auto& wall : report->walls) {
        text += fmt::format("{} {}\n", wall.name, wall.cost.count());
      }
      text += fmt::format("total {}\n", report->total().count());
      _exit(write(writer.get(), text.data(), text.size()) > 0 ? 0 : 1);
    }
    writer.reset();
    std::array<char, 1024> text{};
    const ssize_t length = read(reader.get(), text.data(), text.size());
    ASSERT_TRUE(worked(wait_status(child)));
    std::istringstream lines(std::string(text.data(), static_cast<std::size_t>(length)));
    std::string name;
    std::int64_t nanoseconds = 0;
    while (lines >> name >> nanoseconds)
      costs[name].push_back(nanoseconds);
  }
  for (auto& [name, values] : costs) {
    std::ranges::sort(values);
    fmt::print("{:<12} median {:>6.1f} us, highest {:>6.1f} us\n", name,
               static_cast<double>(values[values.size() / 2]) / 1000,
               static_cast<double>(values.back()) / 1000);
  }
  fmt::print("filter: {} instructions\n", program().instructions());
}

INSTANTIATE_TEST_SUITE_P(
    Levels, Walls,
    ::testing::Values(Setting{"LandlockAsRoot", WallsLevel::Landlock, From::Root},
                      Setting{"LandlockAsUser", WallsLevel::Landlock, From::OrdinaryUser},
                      Setting{"NamespacesAsRoot", WallsLevel::Namespaces, From::Root},
                      Setting{"NamespacesAsUser", WallsLevel::Namespaces, From::OrdinaryUser}),
    [](const auto& info) { return std::string(info.param.name); });

// Landlock by itself, so that it is known to hold where the call filter would have come first.
TEST(Landlock, AloneKeepsFromPathsAndForeignSignals) {
  const int abi = landlock_abi();
  if (abi == 0) GTEST_SKIP() << "no Landlock here";
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    if (!drop_privileges() || !enter_landlock({}, abi)) _exit(1);
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES) _exit(2);
    if (abi >= 6 && (kill(parent, SIGCONT) == 0 || errno != EPERM)) _exit(3);
    _exit(0);
  }

  EXPECT_EQ(wait_status(child), 0);
}

TEST(WallsParts, CloseEveryDescriptorThatIsNotKept) {
  const pid_t child = fork();
  if (child == 0) {
    const int kept = dup(2);
    const int other = dup(2);
    const std::array list = {kept};
    if (!close_fds_except(list)) _exit(1);
    if (fcntl(kept, F_GETFD) < 0) _exit(2);
    if (fcntl(other, F_GETFD) >= 0 || fcntl(0, F_GETFD) >= 0 || fcntl(2, F_GETFD) >= 0) _exit(3);
    _exit(0);
  }

  EXPECT_EQ(wait_status(child), 0);
}

TEST(WallsParts, LimitsAreNeverRaised) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit low{.rlim_cur = 16, .rlim_max = 32};
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) _exit(1);
    if (!lower_rlimits({.fds_max = 1000})) _exit(2);
    rlimit now{};
    if (getrlimit(RLIMIT_NOFILE, &now) != 0) _exit(3);
    _exit(now.rlim_cur == 16 && now.rlim_max == 32 ? 0 : 4);
  }

  EXPECT_EQ(wait_status(child), 0);
}

TEST(WallsSupport, WeakIsRefusedUnlessAllowed) {
  const WallsSupport nothing{.seccomp = true};

  EXPECT_EQ(choose_level(nothing, WeakSandbox::Refuse).error().code, Code::FailedPrecondition);
  EXPECT_EQ(choose_level(nothing, WeakSandbox::Allow), WallsLevel::Weak);
}

TEST(WallsSupport, LevelFollowsWhatIsThere) {
  EXPECT_EQ((WallsSupport{.landlock_abi = 1, .seccomp = true}.level()), WallsLevel::Landlock);
  EXPECT_EQ((WallsSupport{.seccomp = true, .namespaces = true}.level()), WallsLevel::Namespaces);
  EXPECT_EQ((WallsSupport{.landlock_abi = 7, .namespaces = true}.level()), WallsLevel::Weak);
}

}  // namespace
}  // namespace skrei::executor::wasm
