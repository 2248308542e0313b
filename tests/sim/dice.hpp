// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace skrei::sim {

/// All chance of one world, from its seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  /// 0 to `bound` - 1.
  std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(random_.next_u64() % bound);
  }
  Duration between(Duration low, Duration high) {
    const auto span = static_cast<std::uint64_t>((high - low).count()) + 1;
    return low + Duration(static_cast<std::int64_t>(random_.next_u64() % span));
  }
  int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<std::size_t>(high - low + 1)));
  }
  /// With a chance of so many thousandths.
  bool chance(unsigned thousandths) { return random_.next_u64() % 1000 < thousandths; }

  Random& random() { return random_; }

 private:
  SeededRandom random_;
};

}  // namespace skrei::sim
