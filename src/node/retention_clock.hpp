// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace skrei::node {

/// The time by which retention judges ages: the wall clock, as long as that can be believed. A
/// clock that was set a year ahead by mistake must not empty the stores before somebody sets it
/// back.
///
/// While the process runs, wall and boot clock move together. When they part by more than an hour,
/// this time goes on by the boot clock, and follows the wall clock again once they agree, or after
/// the disagreement has lasted a day of running time. At a start it follows the wall clock if that
/// is within a day of the time kept by the last run; else the same day has to pass.
/// So a jump, or a long rest, delays the removal of old things by a day at most, and a jump that is
/// corrected within a day removes nothing before its time.
class RetentionClock {
 public:
  static constexpr Duration kDriftMax = std::chrono::hours(1);
  static constexpr Duration kRestMax = std::chrono::hours(24);
  static constexpr Duration kDoubt = std::chrono::hours(24);

  /// `kept`: the time at the end of the last run, if there was one.
  RetentionClock(std::optional<WallTime> kept, WallTime wall, BootTime boot);

  /// The time now. Call at least every few hours: between two calls boot time is trusted.
  WallTime read(WallTime wall, BootTime boot);

  /// Since when wall and boot clock disagree; unset while the wall clock is followed.
  std::optional<BootTime> doubted_since() const { return doubted_since_; }

 private:
  WallTime time_;
  BootTime read_at_;
  std::optional<BootTime> doubted_since_;
};

}  // namespace skrei::node
