// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/ids.hpp"
#include "swarm/peers.hpp"

namespace skrei::async {
class Loop;
}

namespace skrei::swarm::inprocess {

/// Connects the nodes of one process (also: one node with itself) through their loop. Nothing is
/// encoded; every message arrives in a later turn of the loop, in order, and none is lost unless
/// its receiver's inbox is full.
///
/// The loop outlives the network, and the network the peers it made. All on the loop thread.
class Network {
 public:
  struct Options {
    /// Messages that wait for one node. What is sent to a full inbox is dropped and said.
    std::size_t inbox_max = 65'536;
  };

  explicit Network(async::Loop& loop);
  Network(async::Loop& loop, Options options);
  ~Network();

  /// A node's end. It takes part from its start() to its stop() (or destruction).
  std::unique_ptr<Peers> join(NodeId id);

  /// Messages dropped because an inbox was full.
  std::uint64_t dropped() const;

  class State;

 private:
  std::shared_ptr<State> state_;  // Shared with the turns posted to the loop.
};

}  // namespace skrei::swarm::inprocess
