// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/node.hpp"
#include "sim/agenda.hpp"
#include "sim/chronicle.hpp"
#include "sim/dice.hpp"
#include "sim/scenario.hpp"
#include "swarm/peers.hpp"

namespace skrei::sim {

/// The network of a world, as the nodes see it through the *peers* contract: connections between
/// each requester and each node, and of a node with itself, which nothing disturbs. The weather may
/// break the contract where real networks would, and does so most on purpose: messages come twice,
/// or after later ones of another connection.
///
/// What it costs grows with requesters times nodes in memory and with messages in time.
class Network {
 public:
  struct World {
    Agenda& agenda;
    Chronicle& chronicle;
    Dice& dice;
    const Weather& weather;
  };

  /// Nodes 0 to `requesters` - 1 take jobs in.
  Network(World world, std::size_t nodes, std::size_t requesters);
  ~Network();

  /// A node's end, for one life of its process.
  std::unique_ptr<swarm::Peers> join(std::size_t node);

  /// Nodes of different sides do not reach each other.
  void set_side(std::size_t node, int side);
  int side(std::size_t node) const;
  /// A frozen node keeps its connections for a while.
  void freeze(std::size_t node);
  void thaw(std::size_t node);

  std::uint64_t messages() const { return messages_; }

 private:
  friend class SimulatedPeers;
  struct Port;
  struct Link;

  void enter(std::size_t node, swarm::Peers::Handlers handlers);
  void leave(std::size_t node);
  void describe(std::size_t node, model::NodeInfo info);
  Result<void> send(std::size_t from, std::size_t to, protocol::Message message);

  /// Null where two nodes have nothing to say to each other.
  Link* link(std::size_t a, std::size_t b);
  bool reachable(std::size_t a, std::size_t b) const;
  /// Connects the two, or notices after a while that they do not reach each other any more.
  void refresh(std::size_t a, std::size_t b);
  void refresh_all(std::size_t node);
  void connect(std::size_t a, std::size_t b);
  void disconnect(std::size_t a, std::size_t b, Duration noticed);
  /// `node` takes `peer` for gone.
  void lose_sight(std::size_t node, std::size_t peer);
  void tell(std::size_t node, swarm::PeerEvent event);
  void carry(std::size_t from, std::size_t to, std::shared_ptr<const protocol::Message> message);
  void deliver(std::size_t from, std::size_t to, std::uint64_t connection,
               const protocol::Message& message);

  World world_;
  std::size_t requesters_;
  std::vector<Port> ports_;
  std::vector<Link> links_;
  std::uint64_t messages_ = 0;
};

}  // namespace skrei::sim
