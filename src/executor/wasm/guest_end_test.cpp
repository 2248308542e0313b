// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/guest_end.hpp"

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"
#include "executor/wasm/guest_run.hpp"

namespace skrei::executor::wasm {
namespace {

using native::WasmEnding;

constexpr std::uint64_t kMib = 1 << 20;

TEST(GuestEnd, EachEndingHasItsVerdict) {
  struct Case {
    GuestEnd end;
    ExitKind kind;
    LimitKind limit;
    std::string message;
  };
  const Limits limits{.memory_bytes = 512 * kMib,
                      .disk_bytes = 10 * kMib,
                      .cpu_time = std::chrono::seconds(2),
                      .wall_time = std::chrono::milliseconds(1500)};
  const Case cases[] = {
      {{.outcome = GuestOutcome{{.ending = WasmEnding::Exited, .exit_code = 3}}},
       ExitKind::Exited,
       LimitKind::None,
       ""},
      {{.outcome = GuestOutcome{{.ending = WasmEnding::Trapped, .text = "unreachable"}}},
       ExitKind::Trapped,
       LimitKind::None,
       "unreachable"},
      {{.outcome =
            GuestOutcome{{.ending = WasmEnding::MemoryLimit, .memory_peak_bytes = 511 * kMib}}},
       ExitKind::LimitExceeded,
       LimitKind::Memory,
       "memory: used 511MiB of 512MiB and asked for more; try --memory 769MiB"},
      {{.outcome = GuestOutcome{{.ending = WasmEnding::HostError, .text = "folder is gone"}}},
       ExitKind::NodeFault,
       LimitKind::None,
       "folder is gone"},
      {{.outcome = GuestOutcome{{.ending = WasmEnding::Exited}}, .disk_bytes = 11 * kMib},
       ExitKind::LimitExceeded,
       LimitKind::Disk,
       "disk: the results want more than 10MiB (they hold 11MiB); try --disk 17MiB"},
      {{.outcome = GuestOutcome{{.ending = WasmEnding::Exited, .exit_code = 1}, true},
        .disk_bytes = 3 * kMib},
       ExitKind::LimitExceeded,
       LimitKind::Disk,
       "disk: the results want more than 10MiB (they hold 3MiB); try --disk 16MiB"},
      {{.outcome = GuestOutcome{{.ending = WasmEnding::Exited}, true}, .disk_bytes = 10 * kMib},
       ExitKind::Exited,
       LimitKind::None,
       ""},
      {{.stop = wall_time_stop(limits), .wait_status = SIGKILL},
       ExitKind::LimitExceeded,
       LimitKind::WallTime,
       "time: not done after 1.5 s; try a longer --timeout"},
      {{.stop = wall_time_stop(limits), .outcome = GuestOutcome{{.ending = WasmEnding::Exited}}},
       ExitKind::Exited,
       LimitKind::None,
       ""},
      {{.wait_status = SIGXCPU},
       ExitKind::LimitExceeded,
       LimitKind::CpuTime,
       "cpu time: used all of 2 s"},
      {{.wait_status = SIGSYS},
       ExitKind::Trapped,
       LimitKind::None,
       "the sandbox stopped the program: it made a system call that no WASM program needs"},
      {{.wait_status = SIGSEGV},
       ExitKind::NodeFault,
       LimitKind::None,
       "the engine crashed with signal 11; please report the module"},
      {{.wait_status = SIGKILL},
       ExitKind::NodeFault,
       LimitKind::None,
       "the process of the program was killed from outside; the node may be out of memory"},
      {{.wait_status = 0},
       ExitKind::NodeFault,
       LimitKind::None,
       "the process of the program ended without an outcome"}};
  for (Case one : cases) {
    one.end.limits = limits;
    const Exit exit = exit_of(one.end);
    EXPECT_EQ(exit.kind, one.kind) << one.message;
    EXPECT_EQ(exit.limit, one.limit) << one.message;
    EXPECT_EQ(exit.message, one.message);
  }
}

TEST(GuestEnd, OutcomesGoThroughThePipeWhole) {
  const GuestOutcome outcome{{.ending = WasmEnding::Trapped,
                              .trap = native::WasmTrap::StackOverflow,
                              .exit_code = 7,
                              .memory_refused = true,
                              .memory_peak_bytes = 8,
                              .fuel_used = 9,
                              .text = "stack overflow"},
                             true};
  const Bytes bytes = encode_outcome(outcome);
  const auto decoded = decode_outcome(bytes);

  ASSERT_TRUE(decoded);
  EXPECT_EQ(encode_outcome(*decoded), bytes);
  EXPECT_EQ(decoded->run.text, outcome.run.text);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_outcome(ByteView(bytes).first(length)));
}

TEST(GuestEnd, MeasureCountsLengthsAndFollowsNoLinks) {
  const skrei::testing::TempDir folder;
  std::filesystem::create_directory(folder.path() / "sub");
  std::ofstream(folder.path() / "a") << "12345";
  std::ofstream(folder.path() / "sub" / "b") << "123";
  std::filesystem::create_symlink("/etc/passwd", folder.path() / "link");
  std::filesystem::create_directory_symlink("/", folder.path() / "root");
  const std::vector folders{folder.path()};

  EXPECT_EQ(measure(folders, 1000), 8u);
  EXPECT_EQ(measure(std::vector{folder.path() / "none"}, 10), 0u);
}

}  // namespace
}  // namespace skrei::executor::wasm
