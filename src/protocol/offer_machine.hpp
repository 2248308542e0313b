// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "protocol/machine.hpp"

namespace skrei::protocol {

/// Where an offer stands as its requester sees it. Offers live in memory only.
enum class OfferPhase {
  Open,        ///< Sent; no answer yet.
  Considered,  ///< The node asks a probe and has said so.
  Silent,      ///< No answer in time: the next node is asked; a late bid still counts.
  Awarded,     ///< Its bid was taken.
  Refused,
  Withdrawn,  ///< Nobody waits for its answer any more.
};

inline constexpr std::array kOfferPhases = {OfferPhase::Open,    OfferPhase::Considered,
                                            OfferPhase::Silent,  OfferPhase::Awarded,
                                            OfferPhase::Refused, OfferPhase::Withdrawn};

enum class OfferEvent {
  Considers,
  Bids,
  Refuses,
  TimePasses,  ///< The time to answer is over; for a silent one, a bid would have lapsed.
  Withdraws,   ///< The partition was awarded on another bid, or its job ended.
};

inline constexpr std::array kOfferEvents = {OfferEvent::Considers, OfferEvent::Bids,
                                            OfferEvent::Refuses, OfferEvent::TimePasses,
                                            OfferEvent::Withdraws};

std::string_view to_string(OfferPhase phase);
std::string_view to_string(OfferEvent event);

using OfferRow = TransitionRow<OfferPhase, OfferEvent>;

inline constexpr std::array kOfferTable = {
    OfferRow{OfferPhase::Open, OfferEvent::Considers, OfferPhase::Considered},
    OfferRow{OfferPhase::Open, OfferEvent::Bids, OfferPhase::Awarded},
    OfferRow{OfferPhase::Open, OfferEvent::Refuses, OfferPhase::Refused},
    OfferRow{OfferPhase::Open, OfferEvent::TimePasses, OfferPhase::Silent},
    OfferRow{OfferPhase::Open, OfferEvent::Withdraws, OfferPhase::Withdrawn},
    OfferRow{OfferPhase::Considered, OfferEvent::Bids, OfferPhase::Awarded},
    OfferRow{OfferPhase::Considered, OfferEvent::Refuses, OfferPhase::Refused},
    OfferRow{OfferPhase::Considered, OfferEvent::TimePasses, OfferPhase::Silent},
    OfferRow{OfferPhase::Considered, OfferEvent::Withdraws, OfferPhase::Withdrawn},
    OfferRow{OfferPhase::Silent, OfferEvent::Bids, OfferPhase::Awarded},
    OfferRow{OfferPhase::Silent, OfferEvent::Refuses, OfferPhase::Refused},
    OfferRow{OfferPhase::Silent, OfferEvent::TimePasses, OfferPhase::Withdrawn},
    OfferRow{OfferPhase::Silent, OfferEvent::Withdraws, OfferPhase::Withdrawn},
};

constexpr std::optional<OfferPhase> apply(OfferPhase phase, OfferEvent event) {
  return next_state(kOfferTable, phase, event);
}

}  // namespace skrei::protocol
