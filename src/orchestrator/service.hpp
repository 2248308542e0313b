// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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

struct StopAnswer {
  std::string evaluation_id;
  /// False: the job had failed or been stopped before, so there was nothing to do.
  bool was_running = false;
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

  /// Answers once the job is synced. With an idempotency key that is known: the first answer again.
  /// FailedPrecondition while a submission with this key is under way; AlreadyExists if the key
  /// belongs to another body; OutOfSpace, ResourceExhausted (JobStore::has_room).
  async::Task<Result<protocol::ChangeAnswer>> submit(Submission submission);

  /// Stops a job by id, answers once that is synced. NotFound; FailedPrecondition if it completed.
  async::Task<Result<StopAnswer>> stop_job(JobId job, std::string reason);

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
