// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef SKREI_PLANTED_BUGS
#include <optional>
#endif

namespace skrei {

/// Mistakes that can be planted into the deciders, to prove that the simulator finds them
/// (tests/sim). Each stands at one place, as a short condition.
enum class PlantedBug {
  AckBeforeSync,        ///< Effects leave before their rows are synced.
  MessageAppliedTwice,  ///< A repeated award starts its execution again.
  LeaseNotRenewed,      ///< An answered heartbeat leaves the leases as they are.
  BidNotReleased,       ///< What was reserved for a bid stays reserved when the bid lapses.
  EpochNotChecked,      ///< An award is taken although a later one of its partition is there.
  LateResultDropped,    ///< The result of a lost execution does not count.
};

#ifdef SKREI_PLANTED_BUGS

/// Which one the process has. Set before anything else runs; the simulator's program alone is
/// compiled so.
inline std::optional<PlantedBug> planted_bug;

inline bool planted(PlantedBug bug) {
  return planted_bug == bug;
}

#else

/// False, and gone with whatever depends on it: no build but the simulator's has these mistakes.
constexpr bool planted(PlantedBug) {
  return false;
}

#endif

}  // namespace skrei
