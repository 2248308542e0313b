// SPDX-License-Identifier: Apache-2.0
#include "compute/decider.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>

#include "compute/decider_state.hpp"
#include "protocol/late_result.hpp"

namespace skrei::compute {
namespace {

using protocol::HostedPhase;

std::optional<BootTime> earlier(std::optional<BootTime> a, std::optional<BootTime> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

/// When a limit that began at `since` on this node's wall clock ends on its boot clock.
BootTime end_of(Duration limit, WallTime since, protocol::Now now) {
  return now.boot + std::clamp(limit - (now.wall - since), Duration{0}, limit);
}

}  // namespace

Decider::State::State(Options settings) : options(std::move(settings)), queue(options.capacity) {}

Requester& Decider::State::requester(const NodeId& id) {
  const auto [place, inserted] = requesters.try_emplace(id);
  if (inserted) place->second.reservations_max = options.reservations_per_requester_max;
  return place->second;
}

void Decider::State::write(Held& execution, Turn& turn) {
  ++execution.row.revision;
  turn.fx.put(protocol::PutHosted{execution.row});
}

void Decider::State::arm(const Held& execution) {
  std::optional<BootTime> next;
  if (execution.row.phase == HostedPhase::Finished) {
    next = earlier(execution.repeat_at, execution.give_up_at);
  } else if (execution.row.phase != HostedPhase::Stopping) {
    next = earlier(execution.lease.next_change(), execution.total_deadline);
    if (execution.row.phase == HostedPhase::Running) {
      next = earlier(next, execution.execution_deadline);
    }
  }
  if (next) {
    held_deadlines.set(execution.row.id, *next);
  } else {
    held_deadlines.clear(execution.row.id);
  }
}

void Decider::State::arm_limits(Held& execution, protocol::Now now) {
  const protocol::HostedExecution& row = execution.row;
  const auto limit = row.job->task().timeouts.execution;
  if (row.start_time && limit > std::chrono::seconds(0)) {
    execution.execution_deadline = end_of(limit, *row.start_time, now);
  }
  if (row.total_left > Duration{0}) {
    execution.total_deadline = end_of(row.total_left, row.accept_time, now);
  }
  if (row.finish_time) {
    execution.give_up_at = end_of(options.outcome_retention, *row.finish_time, now);
  }
}

std::optional<BootTime> Decider::State::next_wakeup() const {
  return earlier(earlier(offer_deadlines.first(), held_deadlines.first()), heartbeat_times.first());
}

void Decider::State::tick(Turn& turn) {
  const BootTime now = turn.now.boot;
  while (const auto id = held_deadlines.pop_due(now))
    on_held_deadline(*id, turn);
  while (const auto id = offer_deadlines.pop_due(now))
    on_offer_deadline(*id, turn);
  while (const auto id = heartbeat_times.pop_due(now))
    heartbeat(*id, turn);
}

void Decider::State::recover(std::vector<protocol::HostedExecution> rows, Turn& turn) {
  std::ranges::sort(rows, [](const auto& a, const auto& b) {
    return std::tie(a.accept_time, a.id) < std::tie(b.accept_time, b.id);
  });
  for (protocol::HostedExecution& row : rows)
    recover_row(std::move(row), turn);
  for (const auto& [id, entry] : requesters)
    heartbeat_times.set(id, turn.now.boot);
}

void Decider::State::recover_row(protocol::HostedExecution row, Turn& turn) {
  const ExecutionId id = row.id;
  Held& execution = held[id];
  execution.row = std::move(row);
  const protocol::HostedExecution& stored = execution.row;
  Requester& owner = requester(stored.requester);
  owner.held.insert(id);
  execution.listed_from = 1;
  // As if just awarded: the requester gives every lease a full term after a restart too.
  const Duration tolerance =
      protocol::accepts_late_result(*stored.job) ? options.tolerance : Duration{0};
  execution.lease = protocol::HeldLease(turn.now.boot, options.lease_after_restart, tolerance);
  arm_limits(execution, turn.now);
  switch (stored.phase) {
    case HostedPhase::Waiting:
      queue.push({id, stored.requester, stored.job->priority, stored.resources});
      break;
    case HostedPhase::Finished:
      execution.repeat_at = turn.now.boot;
      execution.repeat_pause = options.outcome_repeat;
      break;
    default:
      take_room(execution);
      turn.act(Resume{stored});
      if (stored.phase == HostedPhase::Stopping) turn.act(Stop{id, stored.stop->message});
      break;
  }
  arm(execution);
}

model::ComputeNodeInfo Decider::State::describe() const {
  model::ComputeNodeInfo info;
  info.execution_engines = options.policy.engines;
  info.publishers = options.policy.publishers;
  info.storage_sources = options.policy.storage_sources;
  info.max_capacity = options.capacity;
  info.queue_capacity = queue.waiting();
  info.available_capacity = options.capacity - used;
  info.max_job_requirements = options.policy.job_limit;
  info.running_executions = running;
  info.enqueued_executions = queue.size();
  return info;
}

Effects Decider::State::finish(Turn& turn) {
  start_waiting(turn);
  return std::move(turn.fx);
}

// -- The decider's face -----------------------------------------------------------------------

Decider::Decider(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Decider::~Decider() = default;

Effects Decider::on_message(const NodeId& from, const protocol::Message& message,
                            protocol::Now now) {
  Turn turn{now, {}};
  std::visit([&](const auto& content) { state_->on(from, content, turn); }, message);
  return state_->finish(turn);
}

Effects Decider::on_peer_up(const NodeId& node, protocol::Now now) {
  Turn turn{now, {}};
  if (state_->requesters.contains(node) && !state_->requester(node).held.empty()) {
    state_->heartbeat(node, turn);
    state_->repeat_outcomes(node, turn);
  }
  return state_->finish(turn);
}

Effects Decider::on_assessed(const Assessment& assessment, protocol::Now now) {
  Turn turn{now, {}};
  state_->on_assessed(assessment, turn);
  return state_->finish(turn);
}

Effects Decider::on_progress(const Progress& progress, protocol::Now now) {
  Turn turn{now, {}};
  state_->on_progress(progress, turn);
  return state_->finish(turn);
}

Effects Decider::on_finished(const ExecutionId& execution, protocol::ExecutionResult result,
                             protocol::Now now) {
  Turn turn{now, {}};
  state_->on_finished(execution, std::move(result), turn);
  return state_->finish(turn);
}

Effects Decider::recover(std::vector<protocol::HostedExecution> hosted, protocol::Now now) {
  Turn turn{now, {}};
  state_->recover(std::move(hosted), turn);
  return state_->finish(turn);
}

std::optional<BootTime> Decider::next_wakeup() const {
  return state_->next_wakeup();
}

Effects Decider::tick(protocol::Now now) {
  Turn turn{now, {}};
  state_->tick(turn);
  return state_->finish(turn);
}

model::ComputeNodeInfo Decider::describe() const {
  return state_->describe();
}

const protocol::HostedExecution* Decider::find(const ExecutionId& execution) const {
  const auto place = state_->held.find(execution);
  return place == state_->held.end() ? nullptr : &place->second.row;
}

std::size_t Decider::held() const {
  return state_->held.size();
}

void Decider::set_run(std::string boot_id, std::string run_id) {
  state_->boot_id = std::move(boot_id);
  state_->run_id = std::move(run_id);
}

}  // namespace skrei::compute
