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

const Limits kLimits{.memory_bytes = 512 * kMib,
                     .disk_bytes = 10 * kMib,
                     .cpu_time = std::chrono::seconds(2),
                     .wall_time = std::chrono::milliseconds(1500)};

/// "exited 3", "trapped: unreachable", "memory: …": all of a verdict that is for people.
std::string verdict(GuestEnd end) {
  end.limits = kLimits;
  const Exit exit = exit_of(end);
  std::string text = fmt::format("{}", to_string(exit.kind));
  if (exit.kind == ExitKind::Exited) return fmt::format("{} {}", text, exit.exit_code);
  if (exit.limit != LimitKind::None) text += fmt::format(" ({})", to_string(exit.limit));
  return fmt::format("{}: {}", text, exit.message);
}

std::string verdict(const native::WasmOutcome& run, std::uint64_t disk_bytes = 0) {
  return verdict(GuestEnd{.stop = {}, .outcome = GuestOutcome{run}, .disk_bytes = disk_bytes});
}

TEST(GuestEnd, EachOutcomeHasItsVerdict) {
  EXPECT_EQ(verdict({.ending = WasmEnding::Exited, .exit_code = 3}), "exited 3");
  EXPECT_EQ(verdict({.ending = WasmEnding::Trapped, .text = "unreachable"}),
            "trapped: unreachable");
  EXPECT_EQ(verdict({.ending = WasmEnding::MemoryLimit, .memory_peak_bytes = 511 * kMib}),
            "limit exceeded (memory): memory: used 511MiB of 512MiB and asked for more; "
            "try --memory 769MiB");
  EXPECT_EQ(verdict({.ending = WasmEnding::HostError, .text = "folder is gone"}),
            "node fault: folder is gone");
}

TEST(GuestEnd, ResultsCountAgainstTheDiskLimit) {
  const auto long_file = [](std::uint32_t exit_code) {
    const native::WasmOutcome run{.ending = WasmEnding::Exited, .exit_code = exit_code};
    return verdict(
        GuestEnd{.stop = {}, .outcome = GuestOutcome{run, true}, .disk_bytes = 3 * kMib});
  };

  EXPECT_EQ(verdict({.ending = WasmEnding::Exited}, 10 * kMib), "exited 0");
  EXPECT_EQ(verdict({.ending = WasmEnding::Exited}, 11 * kMib),
            "limit exceeded (disk): disk: the results want more than 10MiB (they hold 11MiB); "
            "try --disk 17MiB");
  EXPECT_EQ(long_file(0), "exited 0");
  EXPECT_EQ(long_file(1),
            "limit exceeded (disk): disk: the results want more than 10MiB (they hold 3MiB); "
            "try --disk 16MiB");
}

TEST(GuestEnd, AProgramThatHadEndedBeforeItWasStoppedEndedByItself) {
  const Stop late = wall_time_stop(kLimits);

  EXPECT_EQ(verdict({.stop = late, .wait_status = SIGKILL}),
            "limit exceeded (time): time: not done after 1.5 s; try a longer --timeout");
  EXPECT_EQ(verdict({.stop = late, .outcome = GuestOutcome{{.ending = WasmEnding::Exited}}}),
            "exited 0");
}

TEST(GuestEnd, ChildrenThatEndWithoutAWordAreUnderstoodByTheirSignal) {
  const auto killed_by = [](int signal) {
    return verdict(GuestEnd{.stop = {}, .outcome = {}, .wait_status = signal});
  };

  EXPECT_EQ(killed_by(SIGXCPU), "limit exceeded (cpu time): cpu time: used all of 2 s");
  EXPECT_EQ(killed_by(SIGSYS),
            "trapped: the sandbox stopped the program: it made a system call that no WASM program "
            "needs");
  EXPECT_EQ(killed_by(SIGSEGV),
            "node fault: the engine crashed with signal 11; please report the module");
  EXPECT_EQ(killed_by(SIGKILL),
            "node fault: the process of the program was killed from outside; the node may be out "
            "of memory");
  EXPECT_EQ(killed_by(0), "node fault: the process of the program ended without an outcome");
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
