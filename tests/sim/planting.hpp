// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/planted_bug.hpp"
#include "sim/breach.hpp"
#include "sim/scenario.hpp"

namespace skrei::sim {

/// A bug that can be planted, and which invariants it breaks.
struct Planting {
  PlantedBug bug{};
  std::string_view name;
  std::vector<Invariant> breaks;
  /// What brings it out sooner than the seeds' own scenarios would.
  Fixed suits = {};

  bool shows_as(Invariant invariant) const;
};

/// Null if there is none of that name.
const Planting* find_planting(std::string_view name);
/// "ack-before-sync, …".
std::string planting_names();
/// The deciders of this process have the bug from now on.
void plant(const Planting& planting);

}  // namespace skrei::sim
