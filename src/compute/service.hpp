// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "compute/decider.hpp"
#include "compute/work.hpp"
#include "jobstore/job_store.hpp"
#include "model/node.hpp"
#include "swarm/peers.hpp"

namespace skrei::async {
class Loop;
}

namespace skrei::compute {

/// Runs the compute half of a node on its loop: feeds the decider with messages, progress and time,
/// commits its rows, and lets messages leave and programs start once they are synced. Keeps no rule
/// of its own.
///
/// Life: construct; start() once the store has been opened; messages; `co_await stop()`, which
/// leaves programs running; destroy. What the constructor takes outlives it. All on the loop
/// thread.
class Service {
 public:
  struct Identity {
    std::string boot_id;
    std::string run_id;
  };

  /// `on_change` is called when what describe() says has changed, at most every
  /// kAnnounceInterval.
  Service(async::Loop& loop, const Clock& clock, jobstore::JobStore& store, swarm::Peers& peers,
          Work& work, Identity identity, Options options, std::function<void()> on_change);
  ~Service();

  /// Takes over what the store recovered; from here on messages are heard.
  void start(std::vector<protocol::HostedExecution> hosted);
  async::Task<void> stop();

  /// From the node's own dispatcher: a message for the compute half.
  void on_message(const NodeId& from, const protocol::Message& message);
  void on_peer(const swarm::PeerEvent& event);

  model::ComputeNodeInfo describe() const;
  /// Executions held: waiting, running, or with a result that is not acknowledged.
  std::size_t held() const;
  /// Of these, executions that may have a program.
  std::size_t running() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A change of capacity is told at most so often.
inline constexpr Duration kAnnounceInterval = std::chrono::milliseconds(200);

}  // namespace skrei::compute
