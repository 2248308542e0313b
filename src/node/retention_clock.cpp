// SPDX-License-Identifier: Apache-2.0
#include "node/retention_clock.hpp"

namespace skrei::node {
namespace {

Duration distance(WallTime a, WallTime b) {
  return a < b ? b - a : a - b;
}

}  // namespace

RetentionClock::RetentionClock(std::optional<WallTime> kept, WallTime wall, BootTime boot)
    : time_(wall), read_at_(boot) {
  if (!kept || distance(*kept, wall) <= kRestMax) return;
  time_ = *kept;
  doubted_since_ = boot;
}

WallTime RetentionClock::read(WallTime wall, BootTime boot) {
  time_ += boot - read_at_;
  read_at_ = boot;
  const bool agrees = distance(time_, wall) <= kDriftMax;
  if (!agrees && !doubted_since_) doubted_since_ = boot;
  if (agrees || boot - *doubted_since_ >= kDoubt) {
    time_ = wall;
    doubted_since_.reset();
  }
  return time_;
}

}  // namespace skrei::node
