// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "executor/engine.hpp"
#include "executor/wasm/guest_run.hpp"

namespace skrei::executor::wasm {

/// Why the supervisor killed a program.
struct Stop {
  ExitKind kind = ExitKind::Cancelled;
  LimitKind limit = LimitKind::None;
  std::string message;
};

/// Bytes in the regular files below the folders, by their length; links are not followed. Stops
/// after `entries_max` entries, so that a program that makes millions of files cannot hold up the
/// others: the figure is then a part.
std::uint64_t measure(std::span<const std::filesystem::path> folders, std::size_t entries_max);

/// All that is known when a program has ended.
struct GuestEnd {
  std::optional<Stop> stop;
  /// What the child said; none if it was killed or crashed.
  std::optional<GuestOutcome> outcome;
  /// As waitpid(2) gives it.
  int wait_status = 0;
  Limits limits;
  /// In the result folders.
  std::uint64_t disk_bytes = 0;
  std::chrono::microseconds cpu_time{0};
  std::uint64_t resident_peak_bytes = 0;
  WallTime started;
  WallTime ended;
};

/// The verdict. A program that had ended before it was killed has ended by itself.
Exit exit_of(const GuestEnd& end);

/// The sentences of limits that the supervisor watches.
Stop wall_time_stop(const Limits& limits);
Stop cpu_time_stop(const Limits& limits);
Stop disk_stop(const Limits& limits, std::uint64_t used);
Stop output_stop(const Limits& limits);

}  // namespace skrei::executor::wasm
