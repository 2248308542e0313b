// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <ctime>

namespace skrei {
namespace {

Duration read(clockid_t id) {
  timespec time{};
  ::clock_gettime(id, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

WallTime SystemClock::now() const {
  return WallTime(read(CLOCK_REALTIME));
}

BootTime SystemClock::boot_now() const {
  return BootTime(read(CLOCK_BOOTTIME));
}

}  // namespace skrei
