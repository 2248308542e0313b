// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/decider.hpp"
#include "sim/agenda.hpp"

namespace skrei::sim {

/// Both clocks of one machine, as functions of the world's time. They run a little too fast or too
/// slow; the wall clock is off by some hours and may be set, the boot clock begins at each boot.
class MachineClock {
 public:
  struct Shape {
    /// Millionths by which both run fast (positive) or slow; far below a million.
    int drift_ppm = 0;
    /// How far the wall clock is ahead.
    Duration wall_offset{0};
  };

  explicit MachineClock(Shape shape) : shape_(shape) {}

  protocol::Now at(WorldTime time) const { return {wall_at(time), boot_at(time)}; }
  BootTime boot_at(WorldTime time) const;
  WallTime wall_at(WorldTime time) const;
  /// The first moment at which the boot clock shows `time` or more.
  WorldTime when(BootTime time) const;

  void boot(WorldTime time) { booted_ = time; }
  void set_wall(Duration ahead) { shape_.wall_offset = ahead; }

 private:
  Duration elapsed(Duration real) const;

  Shape shape_;
  WorldTime booted_{};
};

}  // namespace skrei::sim
