// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "jobstore/job_store.hpp"
#include "model/node.hpp"
#include "orchestrator/decider.hpp"
#include "swarm/peers.hpp"

namespace skrei::async {
class Loop;
}

namespace skrei::orchestrator {

/// What a caller demands of the job that a change is about to be made to; run within the decision,
/// so that nothing comes between. Null: there is no such job yet. Its error is the change's answer.
using Condition = std::function<Result<void>(const model::Job* current)>;

/// How a change is made.
struct Terms {
  Condition condition;
  /// Of a change that is made once, however often it is asked: each repeat gets the first answer.
  std::optional<protocol::IdempotencyKey> key;
  /// SHA-256 of all that is asked with the key.
  Sha256Digest request_digest{};
};

struct RerunRequest {
  JobId job;
  /// Which version's specification is run again; unset: the current one's.
  std::optional<std::uint64_t> version;
  std::string reason;
};

/// Runs the requester half of a node on its loop: feeds the decider with messages and time, commits
/// its rows, and lets answers and messages leave once they are synced. Keeps no rule of its own.
///
/// Life: construct; start() once the store has been opened; calls; `co_await stop()`; destroy. What
/// the constructor takes outlives it. All on the loop thread.
class Service {
 public:
  struct Identity {
    NodeId self;
    std::string boot_id;
    std::string run_id;
  };

  Service(async::Loop& loop, const Clock& clock, Random& random, jobstore::JobStore& store,
          swarm::Peers& peers, Identity identity, Options options);
  ~Service();

  /// Takes over what the store recovered; from here on messages and nodes are heard.
  void start(std::vector<model::Job> jobs, std::vector<model::Execution> executions);
  async::Task<void> stop();

  // Changes of jobs: each answers once it is synced, or with the first answer to its idempotency
  // key. FailedPrecondition while a change with this key is under way; AlreadyExists if the key
  // was used for another request; OutOfSpace, ResourceExhausted (JobStore::has_room).

  /// A submission under the name of a job, in its namespace, is the next version of that job
  /// (Decider::update); submissions under one name are decided one after the other.
  async::Task<Result<protocol::ChangeAnswer>> submit(Submission submission, Terms terms = {});

  /// NotFound for an unknown job or version; FailedPrecondition (Decider::rerun).
  async::Task<Result<protocol::ChangeAnswer>> rerun(RerunRequest request, Terms terms = {});

  /// Does nothing to a job that failed or was stopped before. NotFound; FailedPrecondition if it
  /// completed.
  async::Task<Result<protocol::ChangeAnswer>> stop_job(JobId job, std::string reason,
                                                       Terms terms = {});

  /// From the node's own dispatcher: a message for the requester half.
  void on_message(const NodeId& from, const protocol::Message& message);
  void on_peer(const swarm::PeerEvent& event);

  std::vector<model::NodeState> nodes() const;
  std::size_t live_jobs() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::orchestrator
