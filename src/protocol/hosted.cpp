// SPDX-License-Identifier: Apache-2.0
#include "protocol/hosted.hpp"

#include <array>
#include <utility>

namespace skrei::protocol {
namespace {

constexpr std::array kPhases = {
    std::pair{HostedPhase::Waiting, std::string_view("waiting")},
    std::pair{HostedPhase::Preparing, std::string_view("preparing")},
    std::pair{HostedPhase::Running, std::string_view("running")},
    std::pair{HostedPhase::Publishing, std::string_view("publishing")},
    std::pair{HostedPhase::Stopping, std::string_view("stopping")},
    std::pair{HostedPhase::Finished, std::string_view("finished")},
};

model::ComputeStateType compute_state(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::Completed:
      return model::ComputeStateType::Completed;
    case OutcomeKind::Failed:
      return model::ComputeStateType::Failed;
    case OutcomeKind::Cancelled:
      return model::ComputeStateType::Cancelled;
  }
  std::unreachable();
}

}  // namespace

std::string_view to_string(HostedPhase phase) {
  for (const auto& [value, name] : kPhases) {
    if (value == phase) return name;
  }
  std::unreachable();
}

Result<HostedPhase> parse_hosted_phase(std::string_view text) {
  for (const auto& [value, name] : kPhases) {
    if (name == text) return value;
  }
  return fail(Code::InvalidArgument, "execution phase \"{}\": unknown", text);
}

model::ComputeStateType compute_state(HostedPhase phase, const ExecutionResult* result) {
  switch (phase) {
    case HostedPhase::Waiting:
    case HostedPhase::Preparing:
      return model::ComputeStateType::BidAccepted;
    case HostedPhase::Running:
    case HostedPhase::Stopping:
      return model::ComputeStateType::Running;
    case HostedPhase::Publishing:
      return model::ComputeStateType::Publishing;
    case HostedPhase::Finished:
      return result ? compute_state(result->kind) : model::ComputeStateType::Failed;
  }
  std::unreachable();
}

}  // namespace skrei::protocol
