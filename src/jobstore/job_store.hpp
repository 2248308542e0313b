// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "jobstore/committer.hpp"
#include "jobstore/query.hpp"
#include "model/event.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"
#include "protocol/rows.hpp"

namespace skrei::jobstore {

/// What a node needs to go on after a restart: everything that had not ended, and nothing else.
struct Recovered {
  std::vector<model::Job> jobs;              ///< Not in a terminal state; by create time.
  std::vector<model::Execution> executions;  ///< Of those jobs, of their current version.
  std::vector<protocol::HostedExecution> hosted;
};

/// The durable store of both halves of a node: jobs, executions and history of the requester,
/// awarded executions of the compute half.
///
/// **Commit rule.** A decider applies an event to its memory at once and hands the rows here; what
/// the event causes outside (answers, messages, process starts) waits for `synced`. The store:
///  1. commit() appends the batch to the open group and returns;
///  2. one writer takes the whole group, writes it in one transaction and syncs it;
///  3. `synced` of each batch of the group runs on the loop, in the order of commit().
/// So batches become durable in order, each whole or not at all, and concurrent ones share a sync.
/// A group that cannot be written or synced is never retried: the store calls its fatal handler
/// with the error and answers nothing any more. What was not answered is, after the restart, as if
/// it had not been asked.
///
/// Readers see synced rows only. All calls on the loop thread.
class JobStore : public Committer {
 public:
  /// Whether new work may be accepted: OutOfSpace, with a sentence, below the floor of free disk
  /// (accepted work goes on); ResourceExhausted while too much waits to be written. Cheap; for
  /// every submission.
  virtual Result<void> has_room() = 0;

  /// Once, before the first commit().
  virtual async::Task<Result<Recovered>> recover() = 0;

  virtual async::Task<Result<Page<model::Job>>> list_jobs(JobQuery query) = 0;

  /// What a person calls a job: in this order, the name of a job in `namespace_`, an id, or a
  /// unique beginning of an id of at least 8 characters after "j-", ids from every namespace.
  /// NotFound names it; InvalidArgument lists the candidates of an ambiguous one. `namespace_`
  /// empty is "default"; "*" is any, of which the newest job counts.
  virtual async::Task<Result<model::Job>> find_job(std::string name, std::string namespace_) = 0;

  /// The job of exactly this name in exactly this namespace; the newest, should an older release
  /// have left several.
  virtual async::Task<Result<std::optional<model::Job>>> named_job(std::string name,
                                                                   std::string namespace_) = 0;

  /// The job with exactly this id: its current version, or the record that a superseded one was
  /// left with. NotFound names the job and the version.
  virtual async::Task<Result<model::Job>> get_job(JobId id,
                                                  std::optional<std::uint64_t> version) = 0;

  /// The current version among them. `next` has the version as its time.
  virtual async::Task<Result<Page<model::Job>>> job_versions(VersionQuery query) = 0;

  virtual async::Task<Result<Page<model::Execution>>> list_executions(ExecutionQuery query) = 0;

  virtual async::Task<Result<Page<model::JobHistory>>> history(HistoryQuery query) = 0;

  /// The events of all jobs after `seq`; `limit` as in queries.
  virtual async::Task<Result<EventPage>> events_after(std::uint64_t seq, std::size_t limit) = 0;

  /// Sequence number of the newest synced event; 0 before the first.
  virtual std::uint64_t last_event() const = 0;

  /// `listener` runs when last_event() has grown: once for a group, after its `synced`. There is
  /// one at a time; an empty one ends it.
  virtual void on_events(std::function<void()> listener) = 0;

  virtual async::Task<Result<std::optional<protocol::PutIdempotencyKey>>> find_idempotency_key(
      protocol::IdempotencyKey key) = 0;

  /// Number of jobs in each state, for metrics.
  virtual async::Task<Result<std::vector<StateCount>>> count_jobs() = 0;

  /// Ended jobs that are to go, those that ended first before the others. They are removed by
  /// committing protocol::RemoveEndedJob.
  virtual async::Task<Result<std::vector<ExpiredJob>>> list_expired(ExpiryQuery query) = 0;

  /// Writes a consistent copy of all that is synced as a new file `target`, while commits go on.
  /// Unavailable for a driver that keeps nothing on disk.
  virtual async::Task<Result<void>> copy_to(std::filesystem::path target) = 0;

  /// Refuses further commits, writes what is queued, answers it, then returns.
  virtual async::Task<void> stop() = 0;
};

}  // namespace skrei::jobstore
