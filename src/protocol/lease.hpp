// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "protocol/machine.hpp"

/// A lease is a duration on each side's own CLOCK_BOOTTIME. The holder counts from sending what was
/// answered, the granter from its answer and a tenth longer: so the holder always knows first that
/// its lease is over, whatever the messages took and however the clocks drift.
namespace skrei::protocol {

enum class LeaseState {
  Held,
  Overdue,  ///< The term passed without an answer. The holder goes on for its tolerance.
  Ended,    ///< The tolerance passed too: the holder stops.
};

inline constexpr std::array kLeaseStates = {LeaseState::Held, LeaseState::Overdue,
                                            LeaseState::Ended};

enum class LeaseEvent { Renewed, TermEnds, ToleranceEnds };

inline constexpr std::array kLeaseEvents = {LeaseEvent::Renewed, LeaseEvent::TermEnds,
                                            LeaseEvent::ToleranceEnds};

std::string_view to_string(LeaseState state);
std::string_view to_string(LeaseEvent event);

using LeaseRow = TransitionRow<LeaseState, LeaseEvent>;

inline constexpr std::array kLeaseTable = {
    LeaseRow{LeaseState::Held, LeaseEvent::Renewed, LeaseState::Held},
    LeaseRow{LeaseState::Held, LeaseEvent::TermEnds, LeaseState::Overdue},
    LeaseRow{LeaseState::Overdue, LeaseEvent::Renewed, LeaseState::Held},
    LeaseRow{LeaseState::Overdue, LeaseEvent::ToleranceEnds, LeaseState::Ended},
};

constexpr std::optional<LeaseState> apply(LeaseState state, LeaseEvent event) {
  return next_state(kLeaseTable, state, event);
}

/// The holder's lease. Times are those of the holder.
class HeldLease {
 public:
  HeldLease() = default;
  /// `asked`: when the message was sent that the grant answers.
  HeldLease(BootTime asked, Duration term, Duration tolerance);

  /// An answer to the heartbeat sent at `asked`. Never shortens; an ended lease stays ended.
  void renew(BootTime asked, Duration term);
  /// Moves on to `now`; true if the state changed.
  bool advance(BootTime now);

  LeaseState state() const { return state_; }
  /// When advance() would change the state next; nothing once it has ended.
  std::optional<BootTime> next_change() const;

 private:
  LeaseState state_ = LeaseState::Held;
  BootTime term_end_{};
  Duration tolerance_{0};
};

/// Until when the granter counts a lease of `term` as held that it grants at `answered`.
BootTime granted_until(BootTime answered, Duration term);

}  // namespace skrei::protocol
