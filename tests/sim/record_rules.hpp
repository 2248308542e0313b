// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "jobstore/memory/tables.hpp"
#include "protocol/execution_machine.hpp"
#include "protocol/rows.hpp"
#include "sim/breach.hpp"

namespace skrei::sim {

/// What must hold of the records of requesters: of each batch as it becomes durable, of the answers
/// to clients and nodes, and of what a restarted requester finds. Each call costs as much as the
/// batch is large; the restart alone looks at every acknowledged job.
class RecordRules {
 public:
  explicit RecordRules(Breaches& breaches) : breaches_(breaches) {}

  /// A batch became durable at `node`.
  void on_synced(std::size_t node, const protocol::Batch& batch);
  /// A client hears that its job was taken in.
  void on_acknowledged(std::size_t node, const JobId& job, const jobstore::memory::Tables& tables);
  void on_restart(std::size_t node, const jobstore::memory::Tables& tables);
  /// The requester has handled an outcome.
  void on_outcome(const protocol::Outcome& outcome);
  /// A node hears that its result is recorded, or no longer wanted.
  void on_outcome_ack(std::size_t node, const ExecutionId& execution);
  /// Nothing will happen any more: all have ended.
  void at_end();

  std::size_t jobs() const { return jobs_.size(); }
  /// The job that an execution belongs to; empty if it is not known.
  JobId job_of(const ExecutionId& execution) const;

 private:
  using JobKey = std::pair<JobId, std::uint64_t>;
  struct Partition {
    std::uint64_t epoch = 0;
    std::set<ExecutionId> holders;
    ExecutionId decided_by;
  };
  struct Job {
    std::shared_ptr<const model::Job> record;
    std::size_t node = kNobody;
    bool ended = false;
    std::size_t holders = 0;
    std::size_t decided = 0;
    std::map<int, Partition> partitions;
  };
  struct Execution {
    JobKey job;
    int partition = 0;
    std::uint64_t epoch = 0;
    protocol::ExecutionPhase phase = protocol::ExecutionPhase::Awarded;
  };

  void put_job(std::size_t node, const std::shared_ptr<const model::Job>& record);
  void put_execution(std::size_t node, const model::Execution& record);
  void check_epoch(std::size_t node, const model::Execution& record, Partition& partition);
  void check_job(std::size_t node, const JobKey& key);

  Breaches& breaches_;
  std::map<JobKey, Job> jobs_;
  std::map<ExecutionId, Execution> executions_;
  std::map<std::size_t, std::set<JobId>> acknowledged_;
  /// Executions whose node said that they completed, until that is recorded.
  std::set<ExecutionId> completed_;
  /// Looked at again at the end of the batch.
  std::set<JobKey> touched_;
};

}  // namespace skrei::sim
