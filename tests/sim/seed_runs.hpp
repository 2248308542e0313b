// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/world.hpp"

namespace skrei::sim {

/// Seeds from the first to the last, both among them.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

struct BrokenSeed {
  std::uint64_t seed = 0;
  Invariant invariant{};
};

/// What many worlds add up to.
struct Summary {
  std::uint64_t worlds = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t jobs = 0;
  std::uint64_t starts = 0;
  Duration simulated{0};
  /// Of all histories, in whatever order they were run.
  std::uint64_t hash = 0;
  /// Ascending.
  std::vector<BrokenSeed> broken;
  /// Seeds at which a process of ours ended, by an assertion or a crash; what it would have run
  /// after that is missing.
  std::vector<std::uint64_t> crashed;
};

/// Runs a world for each seed, in `processes` processes side by side.
Summary run_seeds(SeedRange seeds, const Fixed& fixed, unsigned processes);

}  // namespace skrei::sim
