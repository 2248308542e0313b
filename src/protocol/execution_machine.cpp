// SPDX-License-Identifier: Apache-2.0
#include "protocol/execution_machine.hpp"

#include <utility>

#include "model/event.hpp"

namespace skrei::protocol {

bool is_final(ExecutionPhase phase) {
  return phase == ExecutionPhase::Completed || phase == ExecutionPhase::Failed ||
         phase == ExecutionPhase::Cancelled || phase == ExecutionPhase::Refused;
}

bool holds_lease(ExecutionPhase phase) {
  return !is_final(phase) && phase != ExecutionPhase::Planned && phase != ExecutionPhase::Lost;
}

model::ComputeStateType compute_state(ExecutionPhase phase) {
  using model::ComputeStateType;
  switch (phase) {
    case ExecutionPhase::Planned:
      return ComputeStateType::New;
    case ExecutionPhase::Awarded:
      return ComputeStateType::AskForBidAccepted;
    case ExecutionPhase::Accepted:
      return ComputeStateType::BidAccepted;
    case ExecutionPhase::Running:
      return ComputeStateType::Running;
    case ExecutionPhase::Publishing:
      return ComputeStateType::Publishing;
    case ExecutionPhase::Completed:
      return ComputeStateType::Completed;
    case ExecutionPhase::Lost:
    case ExecutionPhase::Failed:
      return ComputeStateType::Failed;
    case ExecutionPhase::Cancelled:
      return ComputeStateType::Cancelled;
    case ExecutionPhase::Refused:
      return ComputeStateType::AskForBidRejected;
  }
  std::unreachable();
}

ExecutionPhase phase_of(const model::ComputeState& state) {
  using model::ComputeStateType;
  switch (state.state_type) {
    case ComputeStateType::New:
      return ExecutionPhase::Planned;
    case ComputeStateType::Undefined:
    case ComputeStateType::AskForBid:
    case ComputeStateType::AskForBidAccepted:
      return ExecutionPhase::Awarded;
    case ComputeStateType::BidAccepted:
      return ExecutionPhase::Accepted;
    case ComputeStateType::Running:
      return ExecutionPhase::Running;
    case ComputeStateType::Publishing:
      return ExecutionPhase::Publishing;
    case ComputeStateType::Completed:
      return ExecutionPhase::Completed;
    case ComputeStateType::Failed: {
      const auto code = state.details.find(std::string(model::detail_key::kErrorCode));
      const bool lost = code != state.details.end() && code->second == kLeaseExpired;
      return lost ? ExecutionPhase::Lost : ExecutionPhase::Failed;
    }
    case ComputeStateType::Cancelled:
      return ExecutionPhase::Cancelled;
    case ComputeStateType::AskForBidRejected:
    case ComputeStateType::BidRejected:
      return ExecutionPhase::Refused;
  }
  std::unreachable();
}

}  // namespace skrei::protocol
