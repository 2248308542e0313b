// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "jobstore/job_store.hpp"
#include "model/event.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"
#include "protocol/hosted.hpp"
#include "protocol/rows.hpp"

namespace skrei::jobstore::memory {

/// What batches of rows add up to: the memory of MemoryJobStore, and of the simulator's disks.
struct Tables {
  std::map<JobId, std::shared_ptr<const model::Job>> jobs;
  /// Superseded ones.
  std::map<std::pair<JobId, std::uint64_t>, std::shared_ptr<const model::Job>> versions;
  std::map<ExecutionId, model::Execution> executions;
  /// By seq_num, ascending.
  std::vector<model::JobHistory> events;
  std::uint64_t last_seq = 0;
  std::map<protocol::IdempotencyKey, protocol::PutIdempotencyKey> keys;
  std::map<ExecutionId, protocol::HostedExecution> hosted;

  /// All of the batch, in order; `now` is the time of its history rows.
  void apply(protocol::Batch batch, WallTime now);
  void apply(protocol::PutJob& row);
  void apply(protocol::PutJobVersion& row);
  void apply(protocol::PutExecution& row);
  void apply(protocol::PutIdempotencyKey& row);
  void apply(protocol::PutHosted& row);
  void apply(protocol::RemoveHosted& row);
  void apply(protocol::RemoveEndedJob& row);
  void append(protocol::AppendEvent& row, WallTime now);

  /// What had not ended.
  Recovered recovered() const;
};

}  // namespace skrei::jobstore::memory
