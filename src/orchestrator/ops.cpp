// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

/// Ops jobs: once on every match. Which nodes those are is fixed once, by one execution record in
/// phase Planned for each, written with the event that planned them; so the set is the same after a
/// restart. Each node is a partition of its own: refused, failed and retried there alone, and the
/// job ends when all of them have.
namespace skrei::orchestrator {

using protocol::ExecutionEvent;
using protocol::ExecutionPhase;

bool Decider::State::plan(LiveJob& job, Turn& turn) {
  std::vector<NodeId> matching;
  for (const auto& [id, node] : nodes.all()) {
    if (!node.up || !NodeTable::unsuitable(node, *job.record, job.needs).empty()) continue;
    matching.push_back(id);
  }
  if (matching.empty()) return false;
  job.planned = true;
  job.total = static_cast<int>(matching.size());
  job.fresh = job.total;
  job.decided.assign(matching.size(), false);
  append(job, events::job_planned(matching.size(), turn.now.wall), turn);
  for (int index = 0; index < job.total; ++index) {
    Partition& partition = job.partitions[index];
    partition.node = std::move(matching[static_cast<std::size_t>(index)]);
    LiveAward award = new_award(job, index, partition.node, turn.now.wall);
    award.phase = ExecutionPhase::Planned;
    write(award, turn);
    partition.awards.push_back(std::move(award));
    make_ready(job, index, partition, turn.now.boot);
  }
  return true;
}

bool Decider::State::offer_to_a_match(LiveJob& job, Turn& turn) {
  for (const int index : job.ready) {
    Partition& partition = job.partitions.at(index);
    NodeEntry* node = nodes.find(partition.node);
    if (!node || !nodes.is_open(*node)) continue;
    job.ready.erase(index);
    partition_delays.clear({job.id(), index});
    send_offer(job, index, *node, turn);
    return true;
  }
  return false;
}

void Decider::State::check_absent(LiveJob& job, int index, Turn& turn) {
  SKREI_ASSERT(job.is_ops());
  const Partition& partition = job.partitions.at(index);
  const NodeEntry* node = nodes.find(partition.node);
  const BootTime now = turn.now.boot;
  if (node && (node->up || now < node->down_since + options.absent_node_max)) {
    const BootTime since = node->up ? now : node->down_since;
    partition_delays.set({job.id(), index}, since + options.absent_node_max);
    return;
  }
  fail_partition(job, index, ExecutionEvent::Fails,
                 "the node has been away for too long" +
                     (partition.last_failure.empty() ? "" : "; before: " + partition.last_failure),
                 turn);
}

void Decider::State::fail_partition(LiveJob& job, int index, ExecutionEvent event,
                                    std::string reason, Turn& turn) {
  Partition& partition = job.partitions.at(index);
  SKREI_ASSERT(!job.decided[static_cast<std::size_t>(index)]);
  job.decided[static_cast<std::size_t>(index)] = true;
  ++job.decided_count;
  ++job.failed_count;
  if (job.failures.size() < options.reasons_max) job.failures.emplace(partition.node, reason);
  if (LiveAward* award = planned_award(partition)) {
    award->phase = *protocol::apply(award->phase, event);
    award->record.compute_state.message = reason;
    award->record.compute_state.details = {{std::string(model::detail_key::kRetryable), "false"}};
    award->record.desired_state.state_type = model::DesiredStateType::Stopped;
    write(*award, turn);
    append(*award,
           event == ExecutionEvent::Refuses
               ? events::execution_refused(reason, turn.now.wall)
               : events::execution_failed(reason, {}, false, turn.now.wall),
           turn);
  }
  drop_partition(job, index, events::kStoppedSurplus, turn);
  settle_line(job);
  finish_if_decided(job, turn);
}

}  // namespace skrei::orchestrator
