// SPDX-License-Identifier: Apache-2.0
#include "sim/machine_clock.hpp"

#include <algorithm>

namespace skrei::sim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
/// 2025-10-09T08:53:20Z: what a right wall clock shows when the world begins.
constexpr WallTime kBeginning{std::chrono::seconds(1'760'000'000)};
/// Booting takes so long before anything of ours runs.
constexpr BootTime kFirst{std::chrono::seconds(20)};

}  // namespace

Duration MachineClock::elapsed(Duration real) const {
  // Divided first: a year in nanoseconds times the drift would not fit.
  return real + Duration(real.count() / kMillion * shape_.drift_ppm);
}

BootTime MachineClock::boot_at(WorldTime time) const {
  return kFirst + elapsed(time - booted_);
}

WallTime MachineClock::wall_at(WorldTime time) const {
  return kBeginning + elapsed(time) + shape_.wall_offset;
}

WorldTime MachineClock::when(BootTime time) const {
  const Duration shown = std::max(time - kFirst, Duration{0});
  Duration real =
      shown - Duration(shown.count() / (kMillion + shape_.drift_ppm) * shape_.drift_ppm);
  while (elapsed(real) < shown)
    real += std::max(shown - elapsed(real), Duration{1});
  return booted_ + real;
}

}  // namespace skrei::sim
