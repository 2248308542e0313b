// SPDX-License-Identifier: Apache-2.0
#include "sim/planting.hpp"

#include <algorithm>

namespace skrei::sim {
namespace {

const std::vector<Planting>& all() {
  static const std::vector<Planting> plantings = {
      {PlantedBug::AckBeforeSync,
       "ack-before-sync",
       {Invariant::EffectsAfterSync, Invariant::AcknowledgedJobKept}},
      {PlantedBug::MessageAppliedTwice,
       "message-applied-twice",
       {Invariant::StartedOnce, Invariant::OneOutcome}},
      {PlantedBug::LeaseNotRenewed, "lease-not-renewed", {Invariant::LeaseNotCutShort}},
      {PlantedBug::BidNotReleased,
       "bid-not-released",
       {Invariant::NothingRemembered, Invariant::JobsEnd}},
      // The older award must come after its lease, to the node that has the later one.
      {PlantedBug::EpochNotChecked,
       "epoch-not-checked",
       {Invariant::NoOlderAward},
       {.nodes = 1, .jams = 30}},
      {PlantedBug::LateResultDropped, "late-result-dropped", {Invariant::ResultKept}},
  };
  return plantings;
}

}  // namespace

bool Planting::shows_as(Invariant invariant) const {
  return std::ranges::find(breaks, invariant) != breaks.end();
}

const Planting* find_planting(std::string_view name) {
  const auto place = std::ranges::find(all(), name, &Planting::name);
  return place == all().end() ? nullptr : &*place;
}

std::string planting_names() {
  std::string names;
  for (const Planting& planting : all()) {
    if (!names.empty()) names += ", ";
    names += planting.name;
  }
  return names;
}

void plant(const Planting& planting) {
  planted_bug = planting.bug;
}

}  // namespace skrei::sim
