// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>
#include <utility>

#include "base/log.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"
#include "protocol/lease.hpp"

namespace skrei::orchestrator {

using protocol::ExecutionPhase;

void Decider::State::recover(std::vector<model::Job> recovered,
                             std::vector<model::Execution> executions, Turn& turn) {
  std::ranges::sort(recovered, [](const model::Job& a, const model::Job& b) {
    return std::tie(a.create_time, a.id) < std::tie(b.create_time, b.id);
  });
  for (model::Job& stored : recovered) {
    auto needs = needs_of(stored);
    if (!needs) {
      // It was validated when it came in; only a newer version's rules could refuse it now.
      log::error("a stored job cannot be read and stays as it is",
                 {{"job", stored.id}, {"error", needs.error().message}});
      continue;
    }
    LiveJob& job =
        insert(std::make_shared<model::Job>(std::move(stored)), *std::move(needs), turn.now);
    job.settles_at = turn.now.boot + options.discovery;
  }
  for (model::Execution& record : executions) {
    const auto place = jobs.find(record.job_id);
    if (place == jobs.end() || record.job_version != place->second.record->version) continue;
    if (record.partition_index < 0 || record.partition_index >= place->second.count()) continue;
    recover_execution(place->second, std::move(record), turn.now);
  }
  std::vector<JobId> ids;
  for (const auto& [id, job] : jobs)
    ids.push_back(id);
  for (const JobId& id : ids)
    recover_partitions(jobs.at(id), turn);
  rescan_at = turn.now.boot + options.discovery;
  rescan();
  place(turn);
}

void Decider::State::recover_execution(LiveJob& job, model::Execution record, protocol::Now now) {
  const int index = record.partition_index;
  Partition& partition = job.partitions[index];
  const ExecutionPhase phase = protocol::phase_of(record.compute_state);
  if (phase == ExecutionPhase::Completed && !job.decided[static_cast<std::size_t>(index)]) {
    job.decided[static_cast<std::size_t>(index)] = true;
    ++job.decided_count;
  }
  if (phase != ExecutionPhase::Refused) ++partition.starts;
  if (record.epoch >= partition.epoch) {
    partition.epoch = record.epoch;
    partition.last_execution = record.id;
  }
  if (phase == ExecutionPhase::Failed || phase == ExecutionPhase::Lost) {
    partition.failed_on.insert(record.node_id);
    partition.last_failure = record.compute_state.message;
  }
  if (protocol::is_final(phase)) return;

  LiveAward award;
  award.phase = phase;
  award.record = std::move(record);
  const ExecutionId id = award.record.id;
  executions_by_id.insert_or_assign(id, ExecutionPlace{job.id(), index});
  if (protocol::holds_lease(phase)) {
    // Nothing is known of the time that passed: the lease starts anew.
    award.lease_end = protocol::granted_until(now.boot, options.lease);
    award.repeat_at = now.boot + options.award_repeat;
    const auto limit = job.record->task().timeouts.execution;
    if (phase == ExecutionPhase::Running && limit > std::chrono::seconds(0)) {
      award.timeout_at = now.boot + limit + options.execution_timeout_grace;
    }
    partition.stage = PartitionStage::Held;
    nodes.at(award.record.node_id).awards.insert(id);
    arm(award);
  }
  partition.awards.push_back(std::move(award));
}

void Decider::State::recover_partitions(LiveJob& job, Turn& turn) {
  job.fresh = job.partitions.empty() ? 0 : job.partitions.rbegin()->first + 1;
  for (int index = 0; index < job.fresh; ++index) {
    Partition& partition = job.partitions[index];
    if (job.decided[static_cast<std::size_t>(index)]) {
      drop_partition(job, index, events::kStoppedSurplus, turn);
    } else if (partition.stage != PartitionStage::Held) {
      make_ready(job, index, partition);
    }
  }
  if (job.has_ready()) waiting.insert(wait_key(job));
  if (job.decided_count == job.count()) {
    end_job(job.id(), protocol::JobEvent::AllDone, "",
            events::job_state(model::JobStateType::Completed, "", turn.now.wall), turn);
  }
}

}  // namespace skrei::orchestrator
