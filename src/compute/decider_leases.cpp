// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "base/planted_bug.hpp"
#include "compute/decider_state.hpp"

namespace skrei::compute {
namespace {

using protocol::HostedPhase;

/// Heartbeats whose answers are still of use.
constexpr std::size_t kHeartbeatsRemembered = 8;

}  // namespace

void Decider::State::heartbeat(const NodeId& to, Turn& turn) {
  Requester& owner = requester(to);
  protocol::Heartbeat message{boot_id, run_id, ++owner.heartbeats, {}};
  for (const ExecutionId& id : owner.held) {
    const protocol::HostedExecution& row = held.at(id).row;
    const protocol::ExecutionResult* result = row.result ? &*row.result : nullptr;
    message.held.push_back(
        {id, row.epoch, row.revision, protocol::compute_state(row.phase, result)});
  }
  owner.sent.emplace(message.sequence, turn.now.boot);
  if (owner.sent.size() > kHeartbeatsRemembered) owner.sent.erase(owner.sent.begin());
  turn.fx.send(to, std::move(message));
  if (owner.held.empty()) {
    heartbeat_times.clear(to);
  } else {
    heartbeat_times.set(to, turn.now.boot + options.heartbeat);
  }
}

void Decider::State::on(const NodeId& from, const protocol::HeartbeatAnswer& message, Turn&) {
  const auto place = requesters.find(from);
  if (place == requesters.end()) return;
  Requester& owner = place->second;
  const auto sent = owner.sent.find(message.sequence);
  if (sent == owner.sent.end()) return;
  for (const ExecutionId& id : owner.held) {
    Held& execution = held.at(id);
    if (message.sequence < execution.listed_from) continue;
    if (planted(PlantedBug::LeaseNotRenewed)) continue;
    execution.lease.renew(sent->second, message.lease);
    arm(execution);
  }
  owner.sent.erase(owner.sent.begin(), std::next(sent));
}

void Decider::State::repeat_outcomes(const NodeId& to, Turn& turn) {
  for (const ExecutionId& id : requester(to).held) {
    Held& execution = held.at(id);
    if (execution.row.phase != HostedPhase::Finished) continue;
    execution.repeat_pause = options.outcome_repeat;
    send_outcome(execution, turn);
  }
}

void Decider::State::on(const NodeId& from, const protocol::Hello& message, Turn& turn) {
  std::set<ExecutionId>& expected = requester(from).expected;
  expected.clear();
  for (const protocol::KnownExecution& known : message.awarded) {
    const bool unconfirmed = known.state == model::ComputeStateType::AskForBidAccepted;
    if (unconfirmed && !held.contains(known.execution)) expected.insert(known.execution);
  }
  heartbeat(from, turn);
  repeat_outcomes(from, turn);
}

}  // namespace skrei::compute
