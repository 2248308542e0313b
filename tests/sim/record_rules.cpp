// SPDX-License-Identifier: Apache-2.0
#include "sim/record_rules.hpp"

#include <variant>

#include <fmt/format.h>

#include "protocol/late_result.hpp"

namespace skrei::sim {

using protocol::ExecutionPhase;

void RecordRules::on_synced(std::size_t node, const protocol::Batch& batch) {
  for (const protocol::Mutation& row : batch) {
    if (const auto* job = std::get_if<protocol::PutJob>(&row)) {
      put_job(node, job->job);
    } else if (const auto* execution = std::get_if<protocol::PutExecution>(&row)) {
      put_execution(node, execution->execution);
    }
  }
  for (const JobKey& key : touched_)
    check_job(node, key);
  touched_.clear();
}

void RecordRules::put_job(std::size_t node, const std::shared_ptr<const model::Job>& record) {
  const JobKey key(record->id, record->version);
  Job& job = jobs_[key];
  if (job.ended && job.record->state != record->state) {
    breaches_.add({Invariant::EndsAreFinal,
                   fmt::format("job {} was {} and became {}", record->id,
                               model::to_string(job.record->state.state_type),
                               model::to_string(record->state.state_type)),
                   record->id,
                   {},
                   node});
  }
  job.record = record;
  job.node = node;
  job.ended = model::is_terminal(record->state.state_type);
  touched_.insert(key);
  // The version before this one has ended with it.
  const auto former = jobs_.find({record->id, record->version - 1});
  if (former == jobs_.end() || former->second.ended) return;
  former->second.ended = true;
  touched_.insert(former->first);
}

void RecordRules::put_execution(std::size_t node, const model::Execution& record) {
  const JobKey key(record.job_id, record.job_version);
  Job& job = jobs_[key];
  Partition& partition = job.partitions[record.partition_index];
  const ExecutionPhase phase = protocol::phase_of(record.compute_state);
  const auto [place, is_new] = executions_.try_emplace(record.id);
  Execution& known = place->second;
  if (is_new) {
    check_epoch(node, record, partition);
    known.job = key;
    known.partition = record.partition_index;
    known.epoch = record.epoch;
  } else if (protocol::is_final(known.phase) && known.phase != phase) {
    breaches_.add({Invariant::EndsAreFinal,
                   fmt::format("execution {} was {} and became {}", record.id,
                               protocol::to_string(known.phase), protocol::to_string(phase)),
                   record.job_id, record.id, node});
  }
  if (phase == ExecutionPhase::Completed && partition.decided_by != record.id) {
    if (!partition.decided_by.empty()) {
      breaches_.add(
          {Invariant::OneResult,
           fmt::format("partition {} of job {} has the result of {} and of {}",
                       record.partition_index, record.job_id, partition.decided_by, record.id),
           record.job_id, record.id, node});
    }
    partition.decided_by = record.id;
    ++job.decided;
  }
  if (protocol::is_final(phase)) completed_.erase(record.id);
  job.holders -= partition.holders.erase(record.id);
  if (protocol::holds_lease(phase)) job.holders += partition.holders.insert(record.id).second;
  known.phase = phase;
  touched_.insert(key);
  if (partition.holders.size() > 1) {
    breaches_.add({Invariant::OneLease,
                   fmt::format("{} executions of partition {} of job {} hold its lease",
                               partition.holders.size(), record.partition_index, record.job_id),
                   record.job_id, record.id, node});
  }
}

void RecordRules::check_epoch(std::size_t node, const model::Execution& record,
                              Partition& partition) {
  // 0: planned, and not awarded yet.
  if (record.epoch == 0) return;
  if (record.epoch <= partition.epoch) {
    breaches_.add({Invariant::EpochsAscend,
                   fmt::format("execution {} of partition {} has epoch {} after epoch {}",
                               record.id, record.partition_index, record.epoch, partition.epoch),
                   record.job_id, record.id, node});
  }
  partition.epoch = record.epoch;
}

void RecordRules::check_job(std::size_t node, const JobKey& key) {
  const Job& job = jobs_.at(key);
  if (!job.ended) return;
  if (job.holders > 0) {
    breaches_.add({Invariant::OneLease,
                   fmt::format("job {} has ended, and {} of its executions hold leases", key.first,
                               job.holders),
                   key.first,
                   {},
                   node});
  }
  const bool completed = job.record->state.state_type == model::JobStateType::Completed;
  const bool counted = job.record->type == model::JobType::Batch;
  if (completed && counted && job.decided != static_cast<std::size_t>(job.record->count)) {
    breaches_.add({Invariant::CompletedMeansAll,
                   fmt::format("job {} is completed with {} results of {}", key.first, job.decided,
                               job.record->count),
                   key.first,
                   {},
                   node});
  }
}

void RecordRules::on_acknowledged(std::size_t node, const JobId& job,
                                  const jobstore::memory::Tables& tables) {
  acknowledged_[node].insert(job);
  if (tables.jobs.contains(job)) return;
  breaches_.add({Invariant::AcknowledgedJobKept,
                 fmt::format("job {} is acknowledged and not on the disk", job),
                 job,
                 {},
                 node});
}

void RecordRules::on_restart(std::size_t node, const jobstore::memory::Tables& tables) {
  for (const JobId& job : acknowledged_[node]) {
    if (tables.jobs.contains(job)) continue;
    breaches_.add({Invariant::AcknowledgedJobKept,
                   fmt::format("job {} was acknowledged and is lost", job),
                   job,
                   {},
                   node});
  }
}

void RecordRules::on_outcome(const protocol::Outcome& outcome) {
  if (outcome.result.kind == protocol::OutcomeKind::Completed) completed_.insert(outcome.execution);
}

void RecordRules::on_outcome_ack(std::size_t node, const ExecutionId& execution) {
  const bool told = completed_.erase(execution) > 0;
  const auto place = executions_.find(execution);
  if (!told || place == executions_.end()) return;
  const Execution& known = place->second;
  const Job& job = jobs_.at(known.job);
  if (job.ended || protocol::is_final(known.phase)) return;
  if (!job.partitions.at(known.partition).decided_by.empty()) return;
  if (known.phase == ExecutionPhase::Lost && !protocol::accepts_late_result(*job.record)) return;
  breaches_.add({Invariant::ResultKept,
                 fmt::format("the result of execution {} ({}) is acknowledged, not recorded, and "
                             "its partition is undecided",
                             execution, protocol::to_string(known.phase)),
                 known.job.first, execution, node});
}

void RecordRules::at_end() {
  for (const auto& [key, job] : jobs_) {
    if (job.ended) continue;
    breaches_.add(
        {Invariant::JobsEnd,
         fmt::format("job {} is still {}: \"{}\"", key.first,
                     model::to_string(job.record->state.state_type), job.record->state.message),
         key.first,
         {},
         job.node});
    return;
  }
}

JobId RecordRules::job_of(const ExecutionId& execution) const {
  const auto place = executions_.find(execution);
  return place == executions_.end() ? JobId() : place->second.job.first;
}

}  // namespace skrei::sim
