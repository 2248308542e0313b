// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/planted_bug.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"
#include "protocol/late_result.hpp"

namespace skrei::orchestrator {
namespace {

using protocol::ExecutionEvent;
using protocol::ExecutionPhase;
using protocol::OutcomeKind;

ExecutionEvent event_of(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::Completed:
      return ExecutionEvent::Completes;
    case OutcomeKind::Failed:
      return ExecutionEvent::Fails;
    case OutcomeKind::Cancelled:
      return ExecutionEvent::Cancels;
  }
  std::unreachable();
}

std::string breaks_nodes_text(const LiveJob& job) {
  std::string text = fmt::format("stopped because it broke executions on {} nodes in a row",
                                 job.broken_nodes.size());
  for (const auto& [node, reason] : job.broken_nodes)
    text += fmt::format("\n• Node {}: {}", events::short_id(node), reason);
  return text;
}

void take_result(model::Execution& record, const protocol::ExecutionResult& result) {
  record.compute_state.message = result.message;
  record.compute_state.details = result.details;
  record.published_result = result.published;
  record.run_output = result.run_output;
  record.task_key = result.task_key;
  record.peak_usage = result.peak_usage;
  record.desired_state.state_type = model::DesiredStateType::Stopped;
}

}  // namespace

void Decider::State::settle_outcome(AwardRef ref, const protocol::Outcome& outcome, Turn& turn) {
  const protocol::ExecutionResult& result = outcome.result;
  const bool was_lost = ref.award.phase == ExecutionPhase::Lost;
  const bool refused = was_lost && !protocol::accepts_late_result(*ref.job.record);
  const auto next = protocol::apply(ref.award.phase, event_of(result.kind));
  if (!next || refused || (was_lost && planted(PlantedBug::LateResultDropped))) {
    // A lost execution whose end changes nothing: it failed too, or its result may not count.
    append(ref.award,
           events::execution_stopped(refused ? "Late result refused: the job has outside effects"
                                             : "Late end of a lost execution: " + result.message,
                                     turn.now.wall),
           turn);
    executions_by_id.erase(ref.award.record.id);
    std::erase_if(ref.partition.awards, [id = ref.award.record.id](const LiveAward& award) {
      return award.record.id == id;
    });
    return;
  }
  ref.award.phase = *next;
  take_result(ref.award.record, result);
  if (result.kind != OutcomeKind::Completed) {
    settle_failure(ref, result, turn);
    return;
  }
  nodes.note_success(nodes.at(ref.award.record.node_id));
  ref.job.broken_nodes.clear();
  record_result(ref, turn);
}

void Decider::State::settle_failure(AwardRef ref, const protocol::ExecutionResult& result,
                                    Turn& turn) {
  const NodeId node_id = ref.award.record.node_id;
  const bool retryable = result.fault != protocol::Fault::Job;
  model::StringMap& details = ref.award.record.compute_state.details;
  details.insert_or_assign(std::string(model::detail_key::kRetryable),
                           retryable ? "true" : "false");
  if (result.fault == protocol::Fault::Unstarted) {
    details.insert_or_assign(std::string(model::detail_key::kErrorCode), std::string(kNotStarted));
  }
  write(ref.award, turn);
  append(ref.award,
         events::execution_failed(result.message, result.details, retryable, turn.now.wall), turn);
  forget(ref.award);
  if (result.fault == protocol::Fault::Unstarted && ref.partition.unstarted < options.retries) {
    ++ref.partition.unstarted;
    --ref.partition.starts;
  }
  const bool harmful = result.fault == protocol::Fault::Node &&
                       blame(ref.job, nodes.at(node_id), result.message, turn.now);
  if (harmful) {
    const std::string text = breaks_nodes_text(ref.job);
    end_job(ref.job.id(), protocol::JobEvent::GivesUp, text,
            events::job_executions_failed(text, turn.now.wall), turn);
  } else if (retryable) {
    retry(ref.job, ref.index, node_id, result.message, turn);
  } else {
    give_up(ref.job, ref.index, result.message,
            events::job_executions_failed(result.message, turn.now.wall), turn);
  }
}

void Decider::State::record_result(AwardRef ref, Turn& turn) {
  LiveJob& job = ref.job;
  SKREI_ASSERT(!job.decided[static_cast<std::size_t>(ref.index)]);
  write(ref.award, turn);
  append(ref.award, events::execution_completed(turn.now.wall), turn);
  forget(ref.award);
  job.decided[static_cast<std::size_t>(ref.index)] = true;
  ++job.decided_count;
  const model::Execution recorded = ref.award.record;
  for (const LiveAward& award : ref.partition.awards) {
    if (award.phase == ExecutionPhase::Lost) remember_lost(award, recorded);
  }
  drop_partition(job, ref.index, events::kStoppedSurplus, turn);
  settle_line(job);
  finish_if_decided(job, turn);
}

void Decider::State::finish_if_decided(LiveJob& job, Turn& turn) {
  if (!job.planned || job.decided_count < job.count()) return;
  if (job.failed_count == 0) {
    end_job(job.id(), protocol::JobEvent::AllDone, "",
            events::job_state(model::JobStateType::Completed, "", turn.now.wall), turn);
    return;
  }
  std::string text = fmt::format("{} of {} nodes failed.", job.failed_count, job.count());
  for (const auto& [node, reason] : job.failures)
    text += fmt::format("\n• Node {}: {}", events::short_id(node), reason);
  end_job(job.id(), protocol::JobEvent::GivesUp, text,
          events::job_executions_failed(text, turn.now.wall), turn);
}

void Decider::State::remember_lost(const LiveAward& award, const model::Execution& recorded) {
  if (options.lost_executions_max == 0) return;
  while (lost_order.size() >= options.lost_executions_max) {
    lost.erase(lost_order.front());
    lost_order.pop_front();
  }
  const int exit_code = recorded.run_output ? recorded.run_output->exit_code : 0;
  lost.insert_or_assign(
      award.record.id,
      LostExecution{award.record.job_id, award.record.job_version, award.record.node_id,
                    award.record.epoch, recorded.published_result, exit_code});
  lost_order.push_back(award.record.id);
}

void Decider::State::forget(LiveAward& award) {
  award_deadlines.clear(award.record.id);
  executions_by_id.erase(award.record.id);
  NodeEntry* node = nodes.find(award.record.node_id);
  if (!node) return;
  if (nodes.is_full(*node)) rescan();
  nodes.note_end(*node, award.record.id);
}

void Decider::State::stop_award(LiveAward& award, std::string_view why, Turn& turn) {
  const auto next = protocol::apply(award.phase, ExecutionEvent::StopAsked);
  SKREI_ASSERT(next.has_value());
  const bool told = award.phase != ExecutionPhase::Planned;
  award.phase = *next;
  award.record.desired_state = {model::DesiredStateType::Stopped, std::string(why)};
  award.record.compute_state.message = std::string(why);
  write(award, turn);
  append(award, events::execution_stopped(why, turn.now.wall), turn);
  if (!told) return;
  turn.fx.send(award.record.node_id,
               protocol::Cancel{award.record.id, award.record.epoch, std::string(why)});
}

void Decider::State::drop_partition(LiveJob& job, int index, std::string_view why, Turn& turn) {
  Partition& partition = job.partitions.at(index);
  for (LiveAward& award : partition.awards) {
    const bool stands = protocol::holds_lease(award.phase);
    if (stands || award.phase == ExecutionPhase::Planned) stop_award(award, why, turn);
    forget(award);
  }
  take_out(job, index, partition);
  for (const OfferId& offer : partition.silent)
    withdraw(offer);
  job.partitions.erase(index);
}

void Decider::State::drop_all(LiveJob& job, std::string_view why, Turn& turn) {
  while (!job.partitions.empty())
    drop_partition(job, job.partitions.begin()->first, why, turn);
  leave_line(job);
  job_deadlines.clear(job.id());
}

void Decider::State::end_job(const JobId& ended, protocol::JobEvent event, std::string message,
                             model::Event last, Turn& turn) {
  const JobId id = ended;  // The argument may be part of the job.
  LiveJob& job = jobs.at(id);
  const std::string_view why =
      event == protocol::JobEvent::StopAsked ? events::kStoppedWithJob : events::kStoppedByFailure;
  drop_all(job, why, turn);
  set_state(job, event, message, {}, turn);
  const bool said = last.topic == model::topic::kStateUpdate;
  append(job, std::move(last), turn);
  if (!said) {
    append(job, events::job_state(job.record->state.state_type, message, turn.now.wall), turn);
  }
  jobs.erase(id);
}

void Decider::State::on_job_deadline(const JobId& id, Turn& turn) {
  LiveJob& job = jobs.at(id);
  const BootTime now = turn.now.boot;
  if (job.total_deadline && now >= *job.total_deadline) {
    model::Event last = events::job_timed_out(job.record->task().timeouts.total, turn.now.wall);
    const std::string message = last.message;
    end_job(id, protocol::JobEvent::GivesUp, message, std::move(last), turn);
  } else if (!job.placed() && job.queue_deadline && now >= *job.queue_deadline) {
    const std::string message = explain(job, now).text;
    end_job(id, protocol::JobEvent::GivesUp, message,
            events::job_not_placed(message, turn.now.wall), turn);
  } else {
    if (job.note_at && now >= *job.note_at) write_note(job, turn);
    arm(job);
  }
}

}  // namespace skrei::orchestrator
