// SPDX-License-Identifier: Apache-2.0
#include "sim/lease_rules.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "protocol/execution_machine.hpp"
#include "protocol/late_result.hpp"
#include "protocol/lease.hpp"
#include "sim/names.hpp"

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;
using protocol::ExecutionPhase;
using protocol::HostedPhase;

/// What a slow sync, a kill and a little drift may add before a lease counts as outlived.
constexpr Duration kSlack = 15s;
/// How much earlier than by the book a lease may be over: drift, and the times of one event.
constexpr Duration kEarly = 1s;
/// Whoever is not awake is looked at again after so long.
constexpr Duration kLookAgain = 30s;
/// As many as a node remembers of its heartbeats.
constexpr std::size_t kSentMax = 8;

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

// -- Processes --------------------------------------------------------------------------------

void LeaseRules::on_process_start(std::size_t node) {
  nodes_.at(node) = Node{.up = true, .awake_since = agenda_.now()};
}

void LeaseRules::on_process_end(std::size_t node) {
  nodes_.at(node) = Node{};
  // Restarted, it begins with what its disk says.
  std::erase_if(granted_, [&](const auto& item) { return item.second.requester == node; });
  std::erase_if(held_, [&](const auto& item) { return item.second.node == node; });
}

void LeaseRules::on_thaw(std::size_t node) {
  nodes_.at(node).frozen = false;
  nodes_.at(node).awake_since = agenda_.now();
}

// -- The requester ----------------------------------------------------------------------------

void LeaseRules::on_granted(std::size_t requester, const model::Execution& execution) {
  const std::size_t node = index_of(execution.node_id);
  const auto [place, is_new] = granted_.try_emplace(execution.id);
  if (!is_new) return;
  place->second = {requester, node, execution.job_id, agenda_.now(),
                   nodes_.at(requester).heard[node].count};
  watch_granted(
      execution.id,
      agenda_.now() + protocol::granted_until({}, terms_.lease).time_since_epoch() + kSlack);
}

void LeaseRules::on_heartbeat(std::size_t requester, std::size_t node,
                              const protocol::Heartbeat& message) {
  Heard& heard = nodes_.at(requester).heard[node];
  if (message.run_id == heard.run_id && message.sequence <= heard.sequence) return;
  heard = {message.run_id, message.sequence, heard.count + 1};
  for (const protocol::KnownExecution& listed : message.held) {
    const auto place = granted_.find(listed.execution);
    if (place == granted_.end() || place->second.requester != requester) continue;
    place->second.heard = agenda_.now();
    place->second.count = heard.count;
  }
}

void LeaseRules::on_requester_rows(std::size_t requester, const protocol::Batch& rows) {
  for (const protocol::Mutation& row : rows) {
    const auto* put = std::get_if<protocol::PutExecution>(&row);
    if (!put) continue;
    const model::Execution& execution = put->execution;
    const ExecutionPhase phase = protocol::phase_of(execution.compute_state);
    if (protocol::holds_lease(phase)) {
      on_granted(requester, execution);
      continue;
    }
    const auto place = granted_.find(execution.id);
    if (place == granted_.end()) continue;
    if (phase == ExecutionPhase::Lost) check_lost(execution.id, place->second);
    granted_.erase(place);
  }
}

void LeaseRules::check_lost(const ExecutionId& execution, const Granted& granted) {
  const Duration silent = agenda_.now() - granted.heard;
  const bool listed = granted.count == nodes_.at(granted.requester).heard[granted.node].count;
  if (!listed || silent >= terms_.lease - kEarly) return;
  breaches_.add({Invariant::LeaseNotCutShort,
                 fmt::format("execution {} is lost to its requester, whom its node told of it "
                             "{:.3f} s ago",
                             execution, seconds(silent)),
                 granted.job, execution, granted.requester});
}

void LeaseRules::watch_granted(const ExecutionId& id, WorldTime due) {
  agenda_.at(due, [this, id] {
    const auto place = granted_.find(id);
    if (place == granted_.end()) return;
    const Granted& granted = place->second;
    const WorldTime since = std::max(granted.heard, nodes_.at(granted.requester).awake_since);
    const WorldTime over =
        since + protocol::granted_until({}, terms_.lease).time_since_epoch() + kSlack;
    if (!is_awake(granted.requester) || agenda_.now() < over) {
      watch_granted(id, std::max(over, agenda_.now() + kLookAgain));
      return;
    }
    breaches_.add({Invariant::LeaseEnds,
                   fmt::format("execution {} holds its lease, and its node has not told of it for "
                               "{:.3f} s",
                               id, seconds(agenda_.now() - granted.heard)),
                   granted.job, id, granted.requester});
  });
}

// -- The node ---------------------------------------------------------------------------------

void LeaseRules::on_award(std::size_t node, const protocol::Award& message) {
  const auto [place, is_new] = held_.try_emplace(message.execution);
  if (!is_new) return;
  Held& held = place->second;
  held.node = node;
  held.job = message.job->id;
  held.tolerance = protocol::accepts_late_result(*message.job) ? terms_.tolerance : Duration{0};
  const auto bid = nodes_.at(node).bids.find(message.offer);
  if (bid != nodes_.at(node).bids.end()) held.renewed = bid->second;
  held.renewed_at = agenda_.now();
}

void LeaseRules::on_recovered(std::size_t node, const protocol::HostedExecution& hosted,
                              BootTime now) {
  Held& held = held_[hosted.id];
  held.node = node;
  held.job = hosted.job->id;
  held.tolerance = protocol::accepts_late_result(*hosted.job) ? terms_.tolerance : Duration{0};
  held.renewed = now;
  held.renewed_at = agenda_.now();
  held.stopping = hosted.stop.has_value();
}

void LeaseRules::on_answer(std::size_t node, std::size_t requester,
                           const protocol::HeartbeatAnswer& message) {
  std::deque<Sent>& sent = nodes_.at(node).sent[requester];
  const auto heartbeat = std::ranges::find(sent, message.sequence, &Sent::sequence);
  if (heartbeat == sent.end()) return;
  for (const ExecutionId& id : heartbeat->listed) {
    const auto place = held_.find(id);
    if (place == held_.end()) continue;
    place->second.renewed = std::max(place->second.renewed, heartbeat->at);
    place->second.renewed_at = agenda_.now();
  }
  sent.erase(sent.begin(), std::next(heartbeat));
}

void LeaseRules::on_node_effects(std::size_t node, const protocol::Effects& effects, BootTime now) {
  Node& facts = nodes_.at(node);
  for (const protocol::Mutation& row : effects.rows) {
    if (const auto* put = std::get_if<protocol::PutHosted>(&row)) {
      on_row(node, put->hosted, now);
    } else if (const auto* gone = std::get_if<protocol::RemoveHosted>(&row)) {
      held_.erase(gone->id);
      cancelled_.erase(gone->id);
    }
  }
  for (const protocol::Send& send : effects.sends) {
    if (const auto* bid = std::get_if<protocol::Bid>(&send.message)) {
      facts.bids.emplace(bid->offer, now);
    } else if (const auto* heartbeat = std::get_if<protocol::Heartbeat>(&send.message)) {
      Sent sent{heartbeat->sequence, now, {}};
      for (const protocol::KnownExecution& held : heartbeat->held)
        sent.listed.push_back(held.execution);
      std::deque<Sent>& all = facts.sent[index_of(send.to)];
      all.push_back(std::move(sent));
      if (all.size() > kSentMax) all.pop_front();
    }
  }
}

void LeaseRules::on_row(std::size_t node, const protocol::HostedExecution& hosted, BootTime now) {
  const auto place = held_.find(hosted.id);
  if (place == held_.end() || !hosted.stop || place->second.stopping) return;
  Held& held = place->second;
  held.stopping = true;
  const bool by_lease =
      hosted.stop->kind == protocol::OutcomeKind::Cancelled && !cancelled_.contains(hosted.id);
  const Duration since = now - held.renewed;
  if (!by_lease || since >= terms_.lease + held.tolerance - kEarly) return;
  breaches_.add({Invariant::LeaseNotCutShort,
                 fmt::format("node n-{} ends execution {} for want of its requester, who renewed "
                             "the lease {:.3f} s ago",
                             node, hosted.id, seconds(since)),
                 held.job, hosted.id, node});
}

void LeaseRules::on_program_start(const ExecutionId& execution) {
  const auto place = held_.find(execution);
  if (place == held_.end()) return;
  place->second.runs = true;
  watch_held(execution, agenda_.now() + terms_.lease + kSlack);
}

void LeaseRules::on_program_end(const ExecutionId& execution) {
  const auto place = held_.find(execution);
  if (place != held_.end()) place->second.runs = false;
}

void LeaseRules::watch_held(const ExecutionId& id, WorldTime due) {
  agenda_.at(due, [this, id] {
    const auto place = held_.find(id);
    if (place == held_.end() || !place->second.runs || place->second.stopping) return;
    const Held& held = place->second;
    const WorldTime term = terms_.lease + held.tolerance + kSlack;
    const WorldTime over = std::max(held.renewed_at + term, nodes_.at(held.node).awake_since);
    if (!is_awake(held.node) || agenda_.now() < over + kSlack) {
      watch_held(id, std::max(over + kSlack, agenda_.now() + kLookAgain));
      return;
    }
    breaches_.add({Invariant::LeaseEnds,
                   fmt::format("execution {} runs on node n-{}, and its lease was renewed {:.3f} s "
                               "ago",
                               id, held.node, seconds(agenda_.now() - held.renewed_at)),
                   held.job, id, held.node});
  });
}

}  // namespace skrei::sim
