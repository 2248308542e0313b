// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "protocol/hosted.hpp"
#include "protocol/machine.hpp"

namespace skrei::protocol {

inline constexpr std::array kHostedPhases = {HostedPhase::Waiting,  HostedPhase::Preparing,
                                             HostedPhase::Running,  HostedPhase::Publishing,
                                             HostedPhase::Stopping, HostedPhase::Finished};

/// What happens to an execution on the node that holds it.
enum class HostedEvent {
  GetsRoom,   ///< Capacity is free and it is its turn.
  Starts,     ///< The program runs.
  Publishes,  ///< The program has ended.
  Finishes,   ///< The shell is done with it.
  StopAsked,  ///< Cancel, a time limit, or the end of the tolerance without requester.
};

inline constexpr std::array kHostedEvents = {HostedEvent::GetsRoom, HostedEvent::Starts,
                                             HostedEvent::Publishes, HostedEvent::Finishes,
                                             HostedEvent::StopAsked};

std::string_view to_string(HostedEvent event);

using HostedRow = TransitionRow<HostedPhase, HostedEvent>;

inline constexpr std::array kHostedTable = {
    HostedRow{HostedPhase::Waiting, HostedEvent::GetsRoom, HostedPhase::Preparing},
    HostedRow{HostedPhase::Waiting, HostedEvent::StopAsked, HostedPhase::Finished},
    HostedRow{HostedPhase::Preparing, HostedEvent::Starts, HostedPhase::Running},
    HostedRow{HostedPhase::Preparing, HostedEvent::Publishes, HostedPhase::Publishing},
    HostedRow{HostedPhase::Preparing, HostedEvent::Finishes, HostedPhase::Finished},
    HostedRow{HostedPhase::Preparing, HostedEvent::StopAsked, HostedPhase::Stopping},
    HostedRow{HostedPhase::Running, HostedEvent::Publishes, HostedPhase::Publishing},
    HostedRow{HostedPhase::Running, HostedEvent::Finishes, HostedPhase::Finished},
    HostedRow{HostedPhase::Running, HostedEvent::StopAsked, HostedPhase::Stopping},
    HostedRow{HostedPhase::Publishing, HostedEvent::Finishes, HostedPhase::Finished},
    HostedRow{HostedPhase::Publishing, HostedEvent::StopAsked, HostedPhase::Stopping},
    HostedRow{HostedPhase::Stopping, HostedEvent::Finishes, HostedPhase::Finished},
};

constexpr std::optional<HostedPhase> apply(HostedPhase phase, HostedEvent event) {
  return next_state(kHostedTable, phase, event);
}

}  // namespace skrei::protocol
