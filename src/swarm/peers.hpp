// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "model/node.hpp"
#include "protocol/messages.hpp"

namespace skrei::swarm {

/// A node can be talked to (again). What was said before and not confirmed is said again.
struct PeerUp {
  NodeId node;
};

/// The connection to a node is gone; messages under way may be lost.
struct PeerDown {
  NodeId node;
  std::string reason;
};

/// A node describes itself: on its first word, on change, and from time to time.
struct NodeDescribed {
  model::NodeInfo info;
};

/// Nothing was heard of the node for so long that it counts as gone.
struct NodeForgotten {
  NodeId node;
};

using PeerEvent = std::variant<PeerUp, PeerDown, NodeDescribed, NodeForgotten>;

/// How the nodes of a network hear of each other and talk.
///
/// Messages to one node arrive in the order of send(), each once or not at all, as long as the
/// connection lives; nothing of them is durable. A node is its own peer: what it sends to itself
/// arrives like anything else, never within the call. PeerUp comes before the first message of a
/// node and, after PeerDown, before the next one.
///
/// One handler pair per node, set before start(). All calls and handlers on the loop thread;
/// handlers may call send() and announce().
class Peers {
 public:
  struct Handlers {
    std::function<void(const NodeId& from, const protocol::Message& message)> message;
    std::function<void(const PeerEvent& event)> peer;
  };

  virtual ~Peers() = default;

  virtual const NodeId& self() const = 0;
  virtual void start(Handlers handlers) = 0;
  /// No handler runs after it returns. Other nodes see PeerDown.
  virtual void stop() = 0;

  /// What this node is and can do; told to everybody, itself included.
  virtual void announce(model::NodeInfo info) = 0;

  /// Unavailable if the node is not connected; ResourceExhausted if too much waits for it: the
  /// message is then dropped and counted, and the protocol says it again when it is due.
  virtual Result<void> send(const NodeId& to, protocol::Message message) = 0;
};

}  // namespace skrei::swarm
