// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "compute/decider_state.hpp"
#include "model/time_text.hpp"

namespace skrei::compute {
namespace {

using protocol::ExecutionResult;
using protocol::Fault;
using protocol::HostedEvent;
using protocol::HostedPhase;
using protocol::OutcomeKind;

constexpr Duration kOutcomePauseMax = std::chrono::minutes(5);
/// Ended executions whose ids are remembered.
constexpr std::size_t kEndedMax = 10'000;

ExecutionResult cancelled(std::string reason) {
  ExecutionResult result;
  result.kind = OutcomeKind::Cancelled;
  result.message = std::move(reason);
  return result;
}

ExecutionResult timed_out(std::string message) {
  ExecutionResult result;
  result.kind = OutcomeKind::Failed;
  result.fault = Fault::Job;
  result.message = std::move(message);
  result.details = {{std::string(model::detail_key::kErrorCode), "TimeOut"},
                    {std::string(model::detail_key::kHint),
                     "Increase the task timeout or allocate more resources"}};
  return result;
}

}  // namespace

void Decider::State::take_room(Held& execution) {
  used = used + execution.row.resources;
  ++running;
  queue.add_use(execution.row.requester, execution.row.resources);
}

void Decider::State::give_room(const Held& execution) {
  used = used - execution.row.resources;
  --running;
  queue.remove_use(execution.row.requester, execution.row.resources);
}

void Decider::State::start_waiting(Turn& turn) {
  while (const auto id = queue.front()) {
    Held& execution = held.at(*id);
    if (!has_room_for(execution.row.resources)) return;
    queue.erase(*id);
    take_room(execution);
    execution.row.phase = *protocol::apply(execution.row.phase, HostedEvent::GetsRoom);
    write(execution, turn);
    turn.act(Start{execution.row});
    arm(execution);
  }
}

void Decider::State::report(const Held& execution, model::Event event, Turn& turn) {
  const protocol::HostedExecution& row = execution.row;
  turn.fx.send(row.requester,
               protocol::Report{row.id, row.epoch, row.revision,
                                protocol::compute_state(row.phase, nullptr), std::move(event)});
}

void Decider::State::on_progress(const Progress& progress, Turn& turn) {
  const auto place = held.find(progress.execution);
  if (place == held.end()) return;
  Held& execution = place->second;
  const HostedPhase before = execution.row.phase;
  if (progress.phase == HostedPhase::Running || progress.phase == HostedPhase::Publishing) {
    const auto event =
        progress.phase == HostedPhase::Running ? HostedEvent::Starts : HostedEvent::Publishes;
    execution.row.phase = protocol::apply(before, event).value_or(before);
  }
  // Steps back, and steps of one that is being stopped or has ended, tell nobody anything.
  if (execution.row.phase != progress.phase) return;
  if (execution.row.phase == before && progress.event.message.empty()) return;
  if (execution.row.phase == HostedPhase::Running && before != HostedPhase::Running) {
    execution.row.start_time = turn.now.wall;
    arm_limits(execution, turn.now);
  }
  write(execution, turn);
  report(execution, progress.event, turn);
  arm(execution);
}

void Decider::State::on_finished(const ExecutionId& id, ExecutionResult result, Turn& turn) {
  const auto place = held.find(id);
  if (place == held.end()) return;
  Held& execution = place->second;
  if (!execution.has_room()) return;  // Ended already; the first result stands.
  if (execution.row.stop) {
    const ExecutionResult& why = *execution.row.stop;
    result.kind = why.kind;
    result.fault = why.fault;
    result.message = why.message;
    result.details = why.details;
  }
  const Duration stay = turn.now.wall - execution.row.accept_time;
  usual_stay = (7 * usual_stay + std::max(stay, Duration{0})) / 8;
  give_room(execution);
  end(execution, std::move(result), turn);
}

void Decider::State::end(Held& execution, ExecutionResult result, Turn& turn) {
  execution.row.phase = HostedPhase::Finished;
  execution.row.result = std::move(result);
  execution.row.finish_time = turn.now.wall;
  execution.repeat_pause = options.outcome_repeat;
  arm_limits(execution, turn.now);
  write(execution, turn);
  send_outcome(execution, turn);
}

void Decider::State::send_outcome(Held& execution, Turn& turn) {
  const protocol::HostedExecution& row = execution.row;
  SKREI_ASSERT(row.result.has_value());
  turn.fx.send(row.requester, protocol::Outcome{row.id, row.epoch, row.revision, *row.result});
  execution.repeat_at = turn.now.boot + execution.repeat_pause;
  execution.repeat_pause = std::min(2 * execution.repeat_pause, kOutcomePauseMax);
  arm(execution);
}

void Decider::State::stop(Held& execution, ExecutionResult why, Turn& turn) {
  const auto next = protocol::apply(execution.row.phase, HostedEvent::StopAsked);
  if (!next) return;
  if (*next == HostedPhase::Finished) {
    queue.erase(execution.row.id);
    end(execution, std::move(why), turn);
    return;
  }
  execution.row.phase = *next;
  std::string reason = why.message;
  execution.row.stop = std::move(why);
  write(execution, turn);
  turn.act(Stop{execution.row.id, std::move(reason)});
  arm(execution);
}

void Decider::State::on(const NodeId& from, const protocol::Cancel& message, Turn& turn) {
  const auto place = held.find(message.execution);
  if (place == held.end() || place->second.row.requester != from) return;
  Held& execution = place->second;
  if (message.epoch < execution.row.epoch) return;
  if (execution.row.phase == HostedPhase::Finished) {
    send_outcome(execution, turn);
  } else {
    stop(execution, cancelled(message.reason), turn);
  }
}

void Decider::State::on(const NodeId& from, const protocol::OutcomeAck& message, Turn& turn) {
  const auto place = held.find(message.execution);
  if (place == held.end()) return;
  const protocol::HostedExecution& row = place->second.row;
  const bool fits = row.requester == from && row.epoch == message.epoch;
  if (fits && row.phase == HostedPhase::Finished) remove(message.execution, turn);
}

void Decider::State::remove(const ExecutionId& execution, Turn& turn) {
  const ExecutionId id = execution;  // The argument may be part of the record.
  const NodeId owner_id = held.at(id).row.requester;
  Requester& owner = requester(owner_id);
  owner.held.erase(id);
  if (owner.held.empty()) heartbeat_times.clear(owner_id);
  held_deadlines.clear(id);
  held.erase(id);
  if (ended.insert(id).second) ended_order.push_back(id);
  if (ended_order.size() > kEndedMax) {
    ended.erase(ended_order.front());
    ended_order.pop_front();
  }
  turn.fx.put(protocol::RemoveHosted{id});
  turn.act(Forget{id});
}

void Decider::State::on_held_deadline(const ExecutionId& id, Turn& turn) {
  Held& execution = held.at(id);
  const BootTime now = turn.now.boot;
  if (execution.row.phase == HostedPhase::Finished) {
    if (execution.give_up_at && now >= *execution.give_up_at) {
      remove(id, turn);
    } else {
      send_outcome(execution, turn);
    }
    return;
  }
  if (execution.total_deadline && now >= *execution.total_deadline) {
    stop(execution, timed_out("Job timed out. The time left to the job is over"), turn);
    return;
  }
  if (execution.row.phase == HostedPhase::Running && execution.execution_deadline &&
      now >= *execution.execution_deadline) {
    const auto limit = execution.row.job->task().timeouts.execution;
    stop(execution,
         timed_out(fmt::format("Execution timed out. Execution took longer than {}",
                               model::format_duration(limit))),
         turn);
    return;
  }
  execution.lease.advance(now);
  if (execution.lease.state() == protocol::LeaseState::Ended) {
    stop(execution, cancelled("its requester was not heard of for too long"), turn);
    return;
  }
  arm(execution);
}

}  // namespace skrei::compute
