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

namespace {

bool has_detail(const model::Execution& record, std::string_view key, std::string_view value) {
  const auto& details = record.compute_state.details;
  const auto found = details.find(std::string(key));
  return found != details.end() && found->second == value;
}

/// A failure of the job, or a node of an ops job that never took it.
bool is_failed_for_good(const model::Execution& record, ExecutionPhase phase) {
  if (phase == ExecutionPhase::Refused) return record.epoch == 0;
  return phase == ExecutionPhase::Failed &&
         has_detail(record, model::detail_key::kRetryable, "false");
}

}  // namespace

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
    LiveJob& job = place->second;
    if (record.partition_index < 0) continue;
    if (job.is_ops()) {
      // Its executions say on which nodes it was planned.
      job.planned = true;
      job.total = std::max(job.total, record.partition_index + 1);
      job.fresh = job.total;
      job.decided.resize(static_cast<std::size_t>(job.total));
    }
    if (record.partition_index >= job.count()) continue;
    recover_execution(job, std::move(record), turn.now);
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
  if (job.is_ops()) partition.node = record.node_id;
  if (phase == ExecutionPhase::Completed && !job.decided[static_cast<std::size_t>(index)]) {
    job.decided[static_cast<std::size_t>(index)] = true;
    ++job.decided_count;
  }
  const bool unstarted = has_detail(record, model::detail_key::kErrorCode, kNotStarted) &&
                         partition.unstarted < options.retries;
  const bool started = phase != ExecutionPhase::Refused && phase != ExecutionPhase::Planned;
  partition.unstarted += unstarted ? 1 : 0;
  partition.starts += started && !unstarted ? 1 : 0;
  if (record.epoch >= partition.epoch) {
    partition.epoch = record.epoch;
    if (record.epoch > 0) partition.last_execution = record.id;
    partition.failed_for_good = is_failed_for_good(record, phase);
  }
  if (phase == ExecutionPhase::Failed || phase == ExecutionPhase::Lost) {
    partition.failed_on.insert(record.node_id);
    partition.last_failed_on = record.node_id;
  }
  const bool told =
      phase == ExecutionPhase::Failed || phase == ExecutionPhase::Lost || partition.failed_for_good;
  if (told) partition.last_failure = record.compute_state.message;
  if (protocol::is_final(phase)) return;

  LiveAward award;
  award.phase = phase;
  award.record = std::move(record);
  if (phase == ExecutionPhase::Planned) {
    partition.awards.push_back(std::move(award));
    return;
  }
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
    nodes.note_award(nodes.at(award.record.node_id), id);
    arm(award);
  }
  partition.awards.push_back(std::move(award));
}

void Decider::State::recover_partitions(LiveJob& job, Turn& turn) {
  if (!job.is_ops()) job.fresh = job.partitions.empty() ? 0 : job.partitions.rbegin()->first + 1;
  for (int index = 0; index < job.fresh; ++index) {
    Partition& partition = job.partitions[index];
    const bool held = partition.stage == PartitionStage::Held;
    const bool spent = partition.failed_for_good || partition.starts > options.retries;
    if (job.decided[static_cast<std::size_t>(index)]) {
      drop_partition(job, index, events::kStoppedSurplus, turn);
    } else if (job.is_ops() && !held && spent) {
      job.decided[static_cast<std::size_t>(index)] = true;
      ++job.decided_count;
      ++job.failed_count;
      if (job.failures.size() < options.reasons_max) {
        job.failures.emplace(partition.node, partition.last_failure);
      }
      drop_partition(job, index, events::kStoppedSurplus, turn);
    } else if (!held) {
      make_ready(job, index, partition, turn.now.boot);
    }
  }
  settle_line(job);
  finish_if_decided(job, turn);
}

}  // namespace skrei::orchestrator
