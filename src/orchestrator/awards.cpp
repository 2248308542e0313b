// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"
#include "protocol/late_result.hpp"
#include "protocol/lease.hpp"

namespace skrei::orchestrator {
namespace {

using protocol::ExecutionEvent;
using protocol::ExecutionPhase;

/// Steps of one execution that enter the history; a node cannot fill the disk with them.
constexpr int kEventsPerExecutionMax = 100;
/// A confirmed execution is forgotten when so many heartbeats in a row leave it out.
constexpr int kMissedMax = 2;

std::optional<ExecutionEvent> event_of(model::ComputeStateType state) {
  switch (state) {
    case model::ComputeStateType::BidAccepted:
      return ExecutionEvent::Accepts;
    case model::ComputeStateType::Running:
      return ExecutionEvent::Starts;
    case model::ComputeStateType::Publishing:
      return ExecutionEvent::Publishes;
    default:
      return std::nullopt;  // Ends come as outcomes.
  }
}

}  // namespace

LiveAward Decider::State::new_award(const LiveJob& job, int index, const NodeId& node,
                                    WallTime now) {
  LiveAward award;
  model::Execution& record = award.record;
  record.id = ExecutionId("e-" + random.uuid());
  record.namespace_ = job.record->namespace_;
  record.node_id = node;
  record.job_id = job.id();
  record.job_version = job.record->version;
  record.partition_index = index;
  record.allocated_resources.emplace(job.record->task().name, job.needs.resources);
  record.desired_state.state_type = model::DesiredStateType::Running;
  record.create_time = now;
  return award;
}

void Decider::State::award(LiveJob& job, int index, const protocol::Bid& bid, NodeEntry& node,
                           Turn& turn) {
  Partition& partition = job.partitions.at(index);
  SKREI_ASSERT(holder(partition) == nullptr);
  take_out(job, index, partition);
  partition.stage = PartitionStage::Held;
  settle_line(job);

  LiveAward award = new_award(job, index, node.id, turn.now.wall);
  if (LiveAward* planned = planned_award(partition)) {
    award = std::move(*planned);
    std::erase_if(partition.awards,
                  [](const LiveAward& former) { return former.phase == ExecutionPhase::Planned; });
  }
  award.phase = ExecutionPhase::Awarded;
  award.offer = bid.offer;
  award.node_run_id = bid.run_id;
  model::Execution& record = award.record;
  record.previous_execution = partition.last_execution;
  record.epoch = ++partition.epoch;
  record.attempt = ++partition.starts;

  for (LiveAward& former : partition.awards) {
    if (former.record.id != partition.last_execution) continue;
    former.record.next_execution = record.id;
    write(former, turn);
  }
  std::erase_if(partition.awards,
                [](const LiveAward& former) { return protocol::is_final(former.phase); });
  partition.last_execution = record.id;
  partition.offer = {};
  partition.refusals = 0;

  award.lease_end = protocol::granted_until(turn.now.boot, options.lease);
  award.repeat_at = turn.now.boot + options.award_repeat;
  partition.awards.push_back(std::move(award));
  LiveAward& placed = partition.awards.back();
  executions_by_id.insert_or_assign(placed.record.id, ExecutionPlace{job.id(), index});
  nodes.note_award(node, placed.record.id);
  arm(placed);
  write(placed, turn);
  append(placed, events::execution_requested(node.id, turn.now.wall), turn);
  if (!job.placed()) {
    set_state(job, protocol::JobEvent::Awarded, "", {}, turn);
    append(job, events::job_state(job.record->state.state_type, "", turn.now.wall), turn);
    arm(job);
  }
  send_award(job, placed, turn);
}

void Decider::State::send_award(const LiveJob& job, const LiveAward& award, Turn& turn) {
  protocol::Award message;
  message.offer = award.offer;
  message.node_run_id = award.node_run_id;
  message.execution = award.record.id;
  message.epoch = award.record.epoch;
  message.job = job.record;
  message.partition_index = award.record.partition_index;
  message.attempt = award.record.attempt;
  message.lease = options.lease;
  if (job.total_deadline) {
    message.total_left = std::max<Duration>(*job.total_deadline - turn.now.boot, Duration{1});
  }
  turn.fx.send(award.record.node_id, std::move(message));
}

std::optional<AwardRef> Decider::State::locate(const NodeId& from, const ExecutionId& id,
                                               std::uint64_t epoch) {
  const auto place = executions_by_id.find(id);
  if (place == executions_by_id.end()) return std::nullopt;
  LiveJob& job = jobs.at(place->second.job);
  Partition& partition = job.partitions.at(place->second.partition);
  LiveAward* award = find_award(partition, id);
  SKREI_ASSERT(award != nullptr);
  if (award->record.node_id != from || award->record.epoch != epoch) return std::nullopt;
  return AwardRef{job, place->second.partition, partition, *award};
}

void Decider::State::on(const NodeId& from, const protocol::AwardRefused& message, Turn& turn) {
  const auto ref = locate(from, message.execution, message.epoch);
  if (!ref) return;
  const auto next = protocol::apply(ref->award.phase, ExecutionEvent::Refuses);
  if (!next) return;
  const std::string reasons = protocol::join_sentences(message.reasons);
  ref->award.phase = *next;
  ref->award.record.compute_state.message = reasons;
  ref->award.record.desired_state.state_type = model::DesiredStateType::Stopped;
  write(ref->award, turn);
  append(ref->award, events::execution_refused(reasons, turn.now.wall), turn);
  forget(ref->award);
  --ref->partition.starts;
  note_verdict(ref->job, from, message.reasons, turn.now.boot);
  nodes.close(nodes.at(from), reasons, turn.now.boot);
  make_ready(ref->job, ref->index, ref->partition, turn.now.boot);
}

bool Decider::State::follow(AwardRef ref, model::ComputeStateType state, Turn& turn) {
  const auto event = event_of(state);
  if (!event) return false;
  const auto next = protocol::apply(ref.award.phase, *event);
  if (!next) return false;
  ref.award.phase = *next;
  ref.award.record.compute_state.message.clear();
  const auto limit = ref.job.record->task().timeouts.execution;
  if (*next == ExecutionPhase::Running && limit > std::chrono::seconds(0)) {
    ref.award.timeout_at = turn.now.boot + limit + options.execution_timeout_grace;
  }
  write(ref.award, turn);
  arm(ref.award);
  return true;
}

void Decider::State::on(const NodeId& from, const protocol::Report& message, Turn& turn) {
  const auto ref = locate(from, message.execution, message.epoch);
  if (!ref) {
    if (!model::is_terminal(message.state)) {
      turn.fx.send(from, protocol::Cancel{message.execution, message.epoch, "not wanted any more"});
    }
    return;
  }
  // A lost one comes back with its next heartbeat, which also renews its lease.
  if (ref->award.phase == ExecutionPhase::Lost) return;
  if (message.revision <= ref->award.revision_seen) return;
  ref->award.revision_seen = message.revision;
  const bool moved = follow(*ref, message.state, turn);
  const bool told = !message.event.message.empty();
  if (told && ref->award.events_seen++ < kEventsPerExecutionMax) {
    append(ref->award, message.event, turn);
  } else if (moved && ref->award.phase == ExecutionPhase::Running) {
    append(ref->award, events::execution_running(turn.now.wall), turn);
  }
}

void Decider::State::on(const NodeId& from, const protocol::Outcome& message, Turn& turn) {
  const protocol::OutcomeAck ack{message.execution, message.epoch};
  if (const auto ref = locate(from, message.execution, message.epoch)) {
    settle_outcome(*ref, message, turn);
    if (NodeEntry* node = nodes.find(from)) nodes.open(*node);
    rescan();
  } else if (executions_by_id.contains(message.execution)) {
    return;  // Another node's execution, or another epoch: not this one's to tell.
  } else {
    on_late_outcome(from, message, turn);
  }
  turn.fx.send(from, ack);
}

void Decider::State::on_late_outcome(const NodeId& from, const protocol::Outcome& message,
                                     Turn& turn) {
  const auto place = lost.find(message.execution);
  if (place == lost.end()) return;
  const LostExecution& entry = place->second;
  if (entry.node != from || entry.epoch != message.epoch) return;
  const protocol::ExecutionResult& result = message.result;
  if (result.kind == protocol::OutcomeKind::Completed) {
    auto comparison = events::Comparison::Unknown;
    if (!result.published.empty() && !entry.recorded.empty()) {
      const int exit_code = result.run_output ? result.run_output->exit_code : 0;
      const bool agrees =
          result.published == entry.recorded && exit_code == entry.recorded_exit_code;
      comparison = agrees ? events::Comparison::Agrees : events::Comparison::Differs;
    }
    turn.fx.put(protocol::AppendEvent{
        entry.job, entry.job_version, message.execution,
        events::late_result(comparison, result.published.params, turn.now.wall)});
  }
  lost.erase(place);
}

void Decider::State::on(const NodeId& from, const protocol::Heartbeat& message, Turn& turn) {
  NodeEntry& node = nodes.at(from);
  if (message.run_id == node.run_id && message.sequence <= node.heartbeat_sequence) return;
  node.run_id = message.run_id;
  node.heartbeat_sequence = message.sequence;
  node.last_heartbeat = turn.now.wall;
  for (const protocol::KnownExecution& held : message.held)
    on_held(from, held, turn);
  check_missing(nodes.at(from), message, turn);
  turn.fx.send(from, protocol::HeartbeatAnswer{message.sequence, options.lease});
}

void Decider::State::on_held(const NodeId& from, const protocol::KnownExecution& held, Turn& turn) {
  const auto ref = locate(from, held.execution, held.epoch);
  const bool ended = model::is_terminal(held.state);
  if (!ref) {
    if (!ended) {
      turn.fx.send(from, protocol::Cancel{held.execution, held.epoch, "not wanted any more"});
    } else if (!lost.contains(held.execution)) {
      turn.fx.send(from, protocol::OutcomeAck{held.execution, held.epoch});
    }
    return;
  }
  ref->award.missed = 0;
  if (ref->award.phase == ExecutionPhase::Lost) {
    if (!ended) take_back(*ref, held.state, turn);
    return;
  }
  ref->award.lease_end = protocol::granted_until(turn.now.boot, options.lease);
  if (held.revision > ref->award.revision_seen && !ended) {
    // A report got lost on the way.
    ref->award.revision_seen = held.revision;
    if (follow(*ref, held.state, turn) && ref->award.phase == ExecutionPhase::Running) {
      append(ref->award, events::execution_running(turn.now.wall), turn);
    }
  } else if (ref->award.phase == ExecutionPhase::Awarded) {
    follow(*ref, model::ComputeStateType::BidAccepted, turn);
  }
  arm(ref->award);
}

void Decider::State::take_back(AwardRef ref, model::ComputeStateType state, Turn& turn) {
  const NodeId node_id = ref.award.record.node_id;
  const bool free = holder(ref.partition) == nullptr;
  if (!free || !protocol::accepts_late_result(*ref.job.record)) {
    turn.fx.send(node_id, protocol::Cancel{ref.award.record.id, ref.award.record.epoch,
                                           "its lease was lost and it was replaced"});
    return;
  }
  take_out(ref.job, ref.index, ref.partition);
  ref.partition.stage = PartitionStage::Held;
  settle_line(ref.job);
  ref.partition.offer = {};
  ref.award.lease_end = protocol::granted_until(turn.now.boot, options.lease);
  ref.award.record.desired_state.state_type = model::DesiredStateType::Running;
  ref.award.record.compute_state.details.clear();
  nodes.note_award(nodes.at(node_id), ref.award.record.id);
  const bool moved = follow(ref, state, turn);
  SKREI_ASSERT(moved);
  append(ref.award, events::execution_back(node_id, turn.now.wall), turn);
}

void Decider::State::check_missing(NodeEntry& node, const protocol::Heartbeat& message,
                                   Turn& turn) {
  std::set<ExecutionId> held;
  for (const protocol::KnownExecution& execution : message.held)
    held.insert(execution.execution);
  std::vector<ExecutionId> forgotten;
  for (const ExecutionId& id : node.awards) {
    if (held.contains(id)) continue;
    const ExecutionPlace& where = executions_by_id.at(id);
    LiveJob& job = jobs.at(where.job);
    LiveAward* award = find_award(job.partitions.at(where.partition), id);
    SKREI_ASSERT(award != nullptr);
    if (award->phase == ExecutionPhase::Awarded) {
      // Any other is under way to the run it is for, or said again by its own deadline.
      if (!award->node_run_id.empty()) continue;
      award->node_run_id = message.run_id;
      send_award(job, *award, turn);
      continue;
    }
    if (++award->missed >= kMissedMax) forgotten.push_back(id);
  }
  for (const ExecutionId& id : forgotten) {
    const auto place = executions_by_id.find(id);
    if (place == executions_by_id.end()) continue;  // Its job ended with another one's loss.
    LiveJob& job = jobs.at(place->second.job);
    Partition& partition = job.partitions.at(place->second.partition);
    lose({job, place->second.partition, partition, *find_award(partition, id)},
         ExecutionEvent::Forgotten, "does not know it any more", turn);
  }
}

void Decider::State::on_award_deadline(const ExecutionId& id, Turn& turn) {
  const ExecutionPlace where = executions_by_id.at(id);
  LiveJob& job = jobs.at(where.job);
  Partition& partition = job.partitions.at(where.partition);
  LiveAward& award = *find_award(partition, id);
  const AwardRef ref{job, where.partition, partition, award};
  const BootTime now = turn.now.boot;
  if (now >= award.lease_end) {
    lose(ref, ExecutionEvent::LeaseEnds, "did not renew its lease", turn);
  } else if (award.phase == ExecutionPhase::Running && award.timeout_at &&
             now >= *award.timeout_at) {
    time_out(ref, turn);
  } else {
    if (award.phase == ExecutionPhase::Awarded && now >= award.repeat_at) {
      award.repeat_at = now + options.award_repeat;
      const NodeEntry* node = nodes.find(award.record.node_id);
      if (node && node->up) {
        if (award.node_run_id.empty()) {
          greet(*node, turn);
        } else {
          send_award(job, award, turn);
        }
      }
    }
    arm(award);
  }
}

void Decider::State::lose(AwardRef ref, ExecutionEvent event, std::string_view reason, Turn& turn) {
  const auto next = protocol::apply(ref.award.phase, event);
  SKREI_ASSERT(next.has_value());
  const NodeId node_id = ref.award.record.node_id;
  ref.award.phase = *next;
  model::Event told = events::execution_lost(node_id, reason, turn.now.wall);
  ref.award.record.compute_state.message = told.message;
  ref.award.record.compute_state.details = {
      {std::string(model::detail_key::kErrorCode), std::string(protocol::kLeaseExpired)},
      {std::string(model::detail_key::kRetryable), "true"}};
  write(ref.award, turn);
  const std::string message = told.message;
  append(ref.award, std::move(told), turn);
  award_deadlines.clear(ref.award.record.id);
  if (NodeEntry* node = nodes.find(node_id)) {
    if (nodes.is_full(*node)) rescan();
    nodes.note_end(*node, ref.award.record.id);
    // Of one that is not connected nothing is known: the cable may be to blame.
    if (node->up) nodes.note_fault(*node, ref.job.id(), message, turn.now);
  }
  retry(ref.job, ref.index, node_id, message, turn);
}

void Decider::State::time_out(AwardRef ref, Turn& turn) {
  const auto next = protocol::apply(ref.award.phase, ExecutionEvent::TimesOut);
  SKREI_ASSERT(next.has_value());
  model::Event told =
      events::execution_timed_out(ref.job.record->task().timeouts.execution, turn.now.wall);
  const std::string message = told.message;
  ref.award.phase = *next;
  ref.award.record.compute_state.message = message;
  ref.award.record.compute_state.details = told.details;
  ref.award.record.desired_state = {model::DesiredStateType::Stopped, message};
  write(ref.award, turn);
  append(ref.award, std::move(told), turn);
  turn.fx.send(ref.award.record.node_id,
               protocol::Cancel{ref.award.record.id, ref.award.record.epoch, message});
  forget(ref.award);
  give_up(ref.job, ref.index, message, events::job_executions_failed(message, turn.now.wall), turn);
}

}  // namespace skrei::orchestrator
