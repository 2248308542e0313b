// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/guest_end.hpp"

#include <csignal>
#include <system_error>

#include <sys/stat.h>
#include <sys/wait.h>

#include "model/resources.hpp"

namespace skrei::executor::wasm {
namespace {

std::string seconds_text(std::chrono::microseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1e6);
}

/// What to ask for next: half as much again, in whole MiB.
std::string next_size(std::uint64_t bytes) {
  constexpr std::uint64_t kMib = 1 << 20;
  return model::format_byte_size(((bytes + bytes / 2) / kMib + 1) * kMib);
}

Stop memory_stop(const Limits& limits, const native::WasmOutcome& outcome) {
  if (limits.memory_bytes == 0) {
    return {ExitKind::LimitExceeded, LimitKind::Memory,
            "memory: a WASM program has at most 4GiB, and this one asked for more"};
  }
  return {
      ExitKind::LimitExceeded, LimitKind::Memory,
      fmt::format("memory: used {} of {} and asked for more; try --memory {}",
                  model::format_byte_size(outcome.memory_peak_bytes),
                  model::format_byte_size(limits.memory_bytes), next_size(limits.memory_bytes))};
}

void apply(Exit& exit, Stop stop) {
  exit.kind = stop.kind;
  exit.limit = stop.limit;
  exit.message = std::move(stop.message);
}

/// Several files can be over the limit at the end. A single one cannot: its writer got EFBIG, which
/// counts if it failed of it.
bool over_disk(const GuestEnd& end, const GuestOutcome& outcome) {
  if (end.limits.disk_bytes == 0) return false;
  const bool failed =
      outcome.run.ending != native::WasmEnding::Exited || outcome.run.exit_code != 0;
  return end.disk_bytes > end.limits.disk_bytes || (failed && outcome.file_too_long);
}

void judge_outcome(const GuestEnd& end, const GuestOutcome& said, Exit& exit) {
  using native::WasmEnding;
  const native::WasmOutcome& outcome = said.run;
  exit.peak.memory_bytes = outcome.memory_peak_bytes;
  if (outcome.ending != WasmEnding::HostError && over_disk(end, said)) {
    return apply(exit, disk_stop(end.limits, end.disk_bytes));
  }
  switch (outcome.ending) {
    case WasmEnding::Exited:
      exit.kind = ExitKind::Exited;
      exit.exit_code = static_cast<int>(outcome.exit_code);
      return;
    case WasmEnding::Trapped:
      return apply(exit, {ExitKind::Trapped, {}, outcome.text});
    case WasmEnding::MemoryLimit:
      return apply(exit, memory_stop(end.limits, outcome));
    case WasmEnding::OutOfFuel:  // No limit of fuel is set.
    case WasmEnding::HostError:
      return apply(exit, {ExitKind::NodeFault, {}, outcome.text});
  }
}

/// The child ended without a word.
void judge_silence(const GuestEnd& end, Exit& exit) {
  if (!WIFSIGNALED(end.wait_status)) {
    return apply(exit,
                 {ExitKind::NodeFault, {}, "the process of the program ended without an outcome"});
  }
  const int signal = WTERMSIG(end.wait_status);
  if (signal == SIGSYS) {
    return apply(exit,
                 {ExitKind::Trapped,
                  {},
                  "the sandbox stopped the program: it made a system call that no WASM program "
                  "needs"});
  }
  if (signal == SIGXCPU) return apply(exit, cpu_time_stop(end.limits));
  if (signal == SIGKILL) {
    return apply(exit,
                 {ExitKind::NodeFault,
                  {},
                  "the process of the program was killed from outside; the node may be out of "
                  "memory"});
  }
  apply(exit, {ExitKind::NodeFault,
               {},
               fmt::format("the engine crashed with signal {}; please report the module", signal)});
}

}  // namespace

std::uint64_t measure(std::span<const std::filesystem::path> folders, std::size_t entries_max) {
  namespace fs = std::filesystem;
  std::uint64_t bytes = 0;
  std::size_t entries = 0;
  for (const fs::path& folder : folders) {
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                           error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      if (++entries > entries_max) return bytes;
      struct stat info{};
      if (::lstat(entry->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
      bytes += static_cast<std::uint64_t>(info.st_size);
    }
  }
  return bytes;
}

Exit exit_of(const GuestEnd& end) {
  Exit exit{.started = end.started, .ended = end.ended};
  exit.peak.disk_bytes = end.disk_bytes;
  exit.peak.cpu_time = end.cpu_time;
  exit.resident_peak_bytes = end.resident_peak_bytes;
  if (end.outcome) {
    judge_outcome(end, *end.outcome, exit);
  } else if (end.stop) {
    apply(exit, *end.stop);
  } else {
    judge_silence(end, exit);
  }
  return exit;
}

Stop wall_time_stop(const Limits& limits) {
  return {ExitKind::LimitExceeded, LimitKind::WallTime,
          fmt::format("time: not done after {}; try a longer --timeout",
                      seconds_text(limits.wall_time))};
}

Stop cpu_time_stop(const Limits& limits) {
  return {ExitKind::LimitExceeded, LimitKind::CpuTime,
          fmt::format("cpu time: used all of {}", seconds_text(limits.cpu_time))};
}

Stop disk_stop(const Limits& limits, std::uint64_t used) {
  return {ExitKind::LimitExceeded, LimitKind::Disk,
          fmt::format("disk: the results want more than {} (they hold {}); try --disk {}",
                      model::format_byte_size(limits.disk_bytes), model::format_byte_size(used),
                      next_size(std::max(used, limits.disk_bytes)))};
}

Stop output_stop(const Limits& limits) {
  return {ExitKind::LimitExceeded, LimitKind::Output,
          fmt::format("output: wrote more than {} to stdout and stderr",
                      model::format_byte_size(limits.output_bytes))};
}

}  // namespace skrei::executor::wasm
