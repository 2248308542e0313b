// SPDX-License-Identifier: Apache-2.0
#include "protocol/lease.hpp"

#include <algorithm>

namespace skrei::protocol {

HeldLease::HeldLease(BootTime asked, Duration term, Duration tolerance)
    : term_end_(asked + term), tolerance_(tolerance) {}

void HeldLease::renew(BootTime asked, Duration term) {
  const auto next = apply(state_, LeaseEvent::Renewed);
  if (!next || asked + term <= term_end_) return;
  term_end_ = asked + term;
  state_ = *next;
}

bool HeldLease::advance(BootTime now) {
  const LeaseState before = state_;
  if (state_ == LeaseState::Held && now >= term_end_) {
    state_ = apply(state_, LeaseEvent::TermEnds).value_or(state_);
  }
  if (state_ == LeaseState::Overdue && now >= term_end_ + tolerance_) {
    state_ = apply(state_, LeaseEvent::ToleranceEnds).value_or(state_);
  }
  return state_ != before;
}

std::optional<BootTime> HeldLease::next_change() const {
  switch (state_) {
    case LeaseState::Held:
      return term_end_;
    case LeaseState::Overdue:
      return term_end_ + tolerance_;
    case LeaseState::Ended:
      return std::nullopt;
  }
  return std::nullopt;
}

BootTime granted_until(BootTime answered, Duration term) {
  return answered + term + term / 10;
}

}  // namespace skrei::protocol
