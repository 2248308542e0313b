// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "model/execution.hpp"
#include "protocol/machine.hpp"

namespace skrei::protocol {

/// Where an execution stands as its requester sees it.
enum class ExecutionPhase {
  Planned,     ///< Of an ops job: meant for a node that has not taken it yet.
  Awarded,     ///< Given to a node that has not confirmed it.
  Accepted,    ///< The node holds it.
  Running,     ///< Its program runs.
  Publishing,  ///< Its program ended; outputs are stored.
  Lost,        ///< Its lease ran out. It may still run, and may come back.
  Completed,   ///< Its result is recorded: it decided its partition.
  Failed,
  Cancelled,
  Refused,  ///< The node did not take the award.
};

inline constexpr std::array kExecutionPhases = {
    ExecutionPhase::Planned,   ExecutionPhase::Awarded,    ExecutionPhase::Accepted,
    ExecutionPhase::Running,   ExecutionPhase::Publishing, ExecutionPhase::Lost,
    ExecutionPhase::Completed, ExecutionPhase::Failed,     ExecutionPhase::Cancelled,
    ExecutionPhase::Refused};

enum class ExecutionEvent {
  Awards,     ///< The node it is meant for has bid.
  Accepts,    ///< Report BidAccepted: the award is confirmed.
  Starts,     ///< Report Running.
  Publishes,  ///< Report Publishing.
  Completes,  ///< Outcome with a result, and the partition is undecided.
  Fails,      ///< Outcome Failed; for a planned one, its node is gone.
  Cancels,    ///< Outcome Cancelled.
  Refuses,    ///< AwardRefused; for a planned one, a refusal for good.
  LeaseEnds,  ///< No heartbeat for a whole lease.
  Forgotten,  ///< The node lists what it holds, twice, without it.
  StopAsked,  ///< Its job ended, or another execution decided its partition.
  TimesOut,   ///< Its time limit passed and the node did not end it.
};

inline constexpr std::array kExecutionEvents = {
    ExecutionEvent::Awards,    ExecutionEvent::Accepts,   ExecutionEvent::Starts,
    ExecutionEvent::Publishes, ExecutionEvent::Completes, ExecutionEvent::Fails,
    ExecutionEvent::Cancels,   ExecutionEvent::Refuses,   ExecutionEvent::LeaseEnds,
    ExecutionEvent::Forgotten, ExecutionEvent::StopAsked, ExecutionEvent::TimesOut};

std::string_view to_string(ExecutionPhase phase);
std::string_view to_string(ExecutionEvent event);

/// Completed, Failed, Cancelled, Refused: nothing changes them. Planned and Lost are not among
/// them.
bool is_final(ExecutionPhase phase);
/// Awarded to Publishing: the execution holds its partition and a lease.
bool holds_lease(ExecutionPhase phase);

/// The stored and shown form. Lost shows as Failed, with kLeaseExpired as its error code.
model::ComputeStateType compute_state(ExecutionPhase phase);
inline constexpr std::string_view kLeaseExpired = "LeaseExpired";
/// The inverse, for recovery.
ExecutionPhase phase_of(const model::ComputeState& state);

using ExecutionRow = TransitionRow<ExecutionPhase, ExecutionEvent>;

inline constexpr std::array kExecutionTable = {
    ExecutionRow{ExecutionPhase::Planned, ExecutionEvent::Awards, ExecutionPhase::Awarded},
    ExecutionRow{ExecutionPhase::Planned, ExecutionEvent::Refuses, ExecutionPhase::Refused},
    ExecutionRow{ExecutionPhase::Planned, ExecutionEvent::Fails, ExecutionPhase::Failed},
    ExecutionRow{ExecutionPhase::Planned, ExecutionEvent::StopAsked, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::Accepts, ExecutionPhase::Accepted},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::Starts, ExecutionPhase::Running},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::Publishes, ExecutionPhase::Publishing},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::Completes, ExecutionPhase::Completed},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::Fails, ExecutionPhase::Failed},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::Cancels, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::Refuses, ExecutionPhase::Refused},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::LeaseEnds, ExecutionPhase::Lost},
    ExecutionRow{ExecutionPhase::Awarded, ExecutionEvent::StopAsked, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::Starts, ExecutionPhase::Running},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::Publishes, ExecutionPhase::Publishing},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::Completes, ExecutionPhase::Completed},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::Fails, ExecutionPhase::Failed},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::Cancels, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::LeaseEnds, ExecutionPhase::Lost},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::Forgotten, ExecutionPhase::Lost},
    ExecutionRow{ExecutionPhase::Accepted, ExecutionEvent::StopAsked, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::Publishes, ExecutionPhase::Publishing},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::Completes, ExecutionPhase::Completed},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::Fails, ExecutionPhase::Failed},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::Cancels, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::LeaseEnds, ExecutionPhase::Lost},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::Forgotten, ExecutionPhase::Lost},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::StopAsked, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Running, ExecutionEvent::TimesOut, ExecutionPhase::Failed},
    ExecutionRow{ExecutionPhase::Publishing, ExecutionEvent::Completes, ExecutionPhase::Completed},
    ExecutionRow{ExecutionPhase::Publishing, ExecutionEvent::Fails, ExecutionPhase::Failed},
    ExecutionRow{ExecutionPhase::Publishing, ExecutionEvent::Cancels, ExecutionPhase::Cancelled},
    ExecutionRow{ExecutionPhase::Publishing, ExecutionEvent::LeaseEnds, ExecutionPhase::Lost},
    ExecutionRow{ExecutionPhase::Publishing, ExecutionEvent::Forgotten, ExecutionPhase::Lost},
    ExecutionRow{ExecutionPhase::Publishing, ExecutionEvent::StopAsked, ExecutionPhase::Cancelled},
    // Back from the dead, if the partition has neither result nor newer award (the caller's guard).
    ExecutionRow{ExecutionPhase::Lost, ExecutionEvent::Accepts, ExecutionPhase::Accepted},
    ExecutionRow{ExecutionPhase::Lost, ExecutionEvent::Starts, ExecutionPhase::Running},
    ExecutionRow{ExecutionPhase::Lost, ExecutionEvent::Publishes, ExecutionPhase::Publishing},
    ExecutionRow{ExecutionPhase::Lost, ExecutionEvent::Completes, ExecutionPhase::Completed},
};

constexpr std::optional<ExecutionPhase> apply(ExecutionPhase phase, ExecutionEvent event) {
  return next_state(kExecutionTable, phase, event);
}

}  // namespace skrei::protocol
