// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/ids.hpp"
#include "model/event.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"
#include "protocol/hosted.hpp"

/// What one durable batch can hold. Deciders write rows; the job store applies the rows of a batch
/// in order and all or none. Rows are whole records (put replaces by id), so that applying a batch
/// needs no reading and a repeated batch changes nothing but event numbers.
namespace skrei::protocol {

/// Requester: inserts or replaces the job by its id.
struct PutJob {
  /// Immutable; shared with the decider's memory, so that a state change copies a job once.
  std::shared_ptr<const model::Job> job;
};

/// Requester: keeps a superseded version of a job beside the current one, by its id and version.
struct PutJobVersion {
  std::shared_ptr<const model::Job> job;
};

/// Requester: inserts or replaces the execution by its id.
struct PutExecution {
  model::Execution execution;
};

/// Requester: one more row of a job's history. The store gives the sequence number (ascending over
/// all jobs, also used by watches) and the time of the row.
struct AppendEvent {
  JobId job_id;
  std::uint64_t job_version = 0;
  /// Empty: an event of the job as a whole.
  ExecutionId execution_id;
  model::Event event;
};

/// The answer to a submission, a rerun or a stop, repeated when its idempotency key comes again.
struct ChangeAnswer {
  JobId job_id;
  /// The version that was made, or stopped.
  std::uint64_t job_version = 0;
  std::string evaluation_id;
  std::vector<std::string> warnings;

  bool operator==(const ChangeAnswer&) const = default;
};

/// Whose key it is, and the key: the same word of two clients is two keys.
struct IdempotencyKey {
  std::string client;
  std::string key;

  auto operator<=>(const IdempotencyKey&) const = default;
  bool operator==(const IdempotencyKey&) const = default;
};

/// Requester: remembers what a change with this key was answered. Kept as long as its job.
struct PutIdempotencyKey {
  IdempotencyKey key;
  /// SHA-256 of what was asked: the key with another request is a mistake of the client.
  Sha256Digest body_digest{};
  ChangeAnswer answer;
  WallTime time;
};

/// Compute: inserts or replaces the record by its execution id.
struct PutHosted {
  HostedExecution hosted;
};

/// Compute: the result is acknowledged or given up; nothing of it is asked again.
struct RemoveHosted {
  ExecutionId id;
};

/// Requester: retention takes away an ended job with its events, executions, versions and keys;
/// at most `rows_max` rows at a time, the job itself last, so that no batch takes long. Nothing is
/// done to a job that is live or not there. JobStore::list_expired() names it until all is gone.
struct RemoveEndedJob {
  JobId id;
  std::size_t rows_max = 500;
};

using Mutation = std::variant<PutJob, PutJobVersion, PutExecution, AppendEvent, PutIdempotencyKey,
                              PutHosted, RemoveHosted, RemoveEndedJob>;
using Batch = std::vector<Mutation>;

}  // namespace skrei::protocol
