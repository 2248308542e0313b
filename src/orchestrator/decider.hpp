// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"
#include "model/node.hpp"
#include "orchestrator/options.hpp"
#include "protocol/decider.hpp"

namespace skrei::orchestrator {

/// A job to be taken in. `job` has been through model::admit(); `warnings` came from there.
struct Submission {
  model::Job job;
  std::vector<std::string> warnings;
  /// An update makes a new version even where it changes nothing.
  bool force = false;
};

/// A job or a version of one was taken in.
struct Submitted {
  /// To be given once the effects' rows are synced.
  protocol::ChangeAnswer answer;
  protocol::Effects effects;
};

/// The requester half: takes jobs in, offers their partitions to nodes, awards them, watches their
/// leases, retries, and decides once what became of each partition.
///
/// It holds the jobs that have not ended and forgets each with its last row. Whatever a node says
/// about anything else is answered so that the matter ends (acknowledge, cancel).
///
/// Invariants: (1) a partition has at most one award that holds its lease; (2) epochs of a
/// partition ascend; (3) the first valid result of any awarded epoch decides a partition, nothing
/// after it does; (4) an ended job has no award, nor has a version that another one replaced.
class Decider {
 public:
  /// `random` outlives the decider.
  Decider(NodeId self, Options options, Random& random);
  ~Decider();

  /// Gives the job its ids, version and times and plans its partitions. InvalidArgument for a type
  /// other than batch; ResourceExhausted at the limit of live jobs.
  Result<Submitted> submit(Submission submission, protocol::Now now);

  /// Makes what is submitted the next version of a job. `stored` is the job as it was left if it is
  /// not live; of a live job the decider's own record counts, and its executions are stopped.
  /// FailedPrecondition if nothing changes and the submission does not force it; else as submit().
  Result<Submitted> update(Submission submission, const model::Job& stored, protocol::Now now);

  /// Makes `chosen`, a version of the job, its next version. FailedPrecondition while the job has
  /// not yet been placed; else as update().
  Result<Submitted> rerun(const model::Job& chosen, const model::Job& stored, std::string reason,
                          protocol::Now now);

  /// Ends a live job: Stopped at once, with all of its partitions; nodes are told, and told again
  /// whenever they mention one of its executions. NotFound if the job is not live (ended, or never
  /// heard of: the store knows).
  Result<protocol::Effects> stop(const JobId& job, const std::string& reason, protocol::Now now);

  protocol::Effects on_message(const NodeId& from, const protocol::Message& message,
                               protocol::Now now);
  protocol::Effects on_peer_up(const NodeId& node, protocol::Now now);
  protocol::Effects on_peer_down(const NodeId& node, protocol::Now now);
  /// A node describes itself, for the first time or anew.
  protocol::Effects on_node_described(const model::NodeInfo& info, protocol::Now now);
  protocol::Effects on_node_forgotten(const NodeId& node, protocol::Now now);

  /// Once, before anything else: what had not ended before the restart. `executions` are all of
  /// those jobs' current version, ended ones too.
  protocol::Effects recover(std::vector<model::Job> jobs, std::vector<model::Execution> executions,
                            protocol::Now now);

  std::optional<BootTime> next_wakeup() const;
  protocol::Effects tick(protocol::Now now);

  /// Nodes heard of, sorted by id.
  std::vector<model::NodeState> nodes() const;
  bool is_live(const JobId& job) const;
  /// Null if the job is not live. Void after the next event.
  const model::Job* live_job(const JobId& job) const;
  std::size_t live_jobs() const;
  std::size_t open_offers() const;
  /// Said to nodes at each connection, so that they can tell a restart from a cut.
  void set_run(std::string boot_id, std::string run_id);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::orchestrator
