// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace skrei {

using Duration = std::chrono::nanoseconds;

/// Wall time, nanoseconds since 1970 (UTC). For people and records; never compared between nodes.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Tag of CLOCK_BOOTTIME: runs on while the machine sleeps, never jumps back, starts at boot.
struct BootClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

/// Where a component gets its time from. Leases, deadlines and back-off count in boot time.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  virtual BootTime boot_now() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  WallTime now() const override;
  BootTime boot_now() const override;
};

}  // namespace skrei
