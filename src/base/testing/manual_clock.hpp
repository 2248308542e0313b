// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"

namespace skrei::testing {

/// A clock that stands still until told to move. Both times start at a fixed, odd-looking moment.
class ManualClock final : public Clock {
 public:
  WallTime now() const override { return wall_; }
  BootTime boot_now() const override { return boot_; }

  void advance(Duration by) {
    wall_ += by;
    boot_ += by;
  }
  /// Sets the wall clock alone, as an administrator or a time server would.
  void set_wall(WallTime time) { wall_ = time; }

 private:
  WallTime wall_{std::chrono::seconds(1'760'000'000)};
  BootTime boot_{std::chrono::seconds(1'000)};
};

}  // namespace skrei::testing
