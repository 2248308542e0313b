// SPDX-License-Identifier: Apache-2.0
#include "sim/network.hpp"

#include <algorithm>
#include <utility>

#include "sim/names.hpp"

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;

/// So long a connection to somebody out of reach, or frozen, is taken for whole.
constexpr Duration kNoticeMin = 5s;
constexpr Duration kNoticeMax = 20s;
/// So long after its connection a node counts as gone for good.
constexpr Duration kForget = 45s;

}  // namespace

/// One node's end.
struct Network::Port {
  NodeId id;
  std::optional<swarm::Peers::Handlers> handlers;
  std::optional<model::NodeInfo> info;
  int side = 0;
  bool frozen = false;
};

/// Between two nodes; [0] of a pair is the one with the lower number.
struct Network::Link {
  bool up = false;
  bool connecting = false;
  /// Counts connections.
  std::uint64_t connection = 0;
  /// Who takes the other for connected.
  std::array<bool, 2> sees{};
  /// When the last message of each direction arrives, by sender.
  std::array<WorldTime, 2> last{};
  /// The jam of each direction: until when messages get into it, and by how much they are late.
  std::array<WorldTime, 2> jam_until{};
  std::array<Duration, 2> jam{};
};

class SimulatedPeers final : public swarm::Peers {
 public:
  SimulatedPeers(Network& network, std::size_t node)
      : network_(network), node_(node), id_(id_of(node)) {}
  ~SimulatedPeers() override { stop(); }

  const NodeId& self() const override { return id_; }
  void start(Handlers handlers) override {
    started_ = true;
    network_.enter(node_, std::move(handlers));
  }
  void stop() override {
    if (std::exchange(started_, false)) network_.leave(node_);
  }
  void announce(model::NodeInfo info) override { network_.describe(node_, std::move(info)); }
  Result<void> send(const NodeId& to, protocol::Message message) override {
    return network_.send(node_, index_of(to), std::move(message));
  }

 private:
  Network& network_;
  std::size_t node_;
  NodeId id_;
  bool started_ = false;
};

Network::Network(World world, std::size_t nodes, std::size_t requesters)
    : world_(world), requesters_(requesters), ports_(nodes), links_(requesters * nodes) {
  for (std::size_t node = 0; node < nodes; ++node)
    ports_[node].id = id_of(node);
}

Network::~Network() = default;

std::unique_ptr<swarm::Peers> Network::join(std::size_t node) {
  return std::make_unique<SimulatedPeers>(*this, node);
}

Network::Link* Network::link(std::size_t a, std::size_t b) {
  const auto [low, high] = std::minmax(a, b);
  return low < requesters_ ? &links_[low * ports_.size() + high] : nullptr;
}

bool Network::reachable(std::size_t a, std::size_t b) const {
  return ports_[a].handlers && ports_[b].handlers && ports_[a].side == ports_[b].side;
}

// -- Connections ------------------------------------------------------------------------------

void Network::enter(std::size_t node, swarm::Peers::Handlers handlers) {
  ports_[node].handlers = std::move(handlers);
  refresh_all(node);
}

void Network::leave(std::size_t node) {
  ports_[node].handlers.reset();
  ports_[node].info.reset();
  for (std::size_t other = 0; other < ports_.size(); ++other) {
    Link* const between = link(node, other);
    if (!between) continue;
    between->sees[node < other ? 0 : 1] = false;
    if (node == other) between->sees = {};
    // The kernel of a dead process says so; that of a dead machine does not.
    const Duration notice = world_.dice.chance(700) ? world_.dice.between(1ms, 50ms)
                                                    : world_.dice.between(kNoticeMin, kNoticeMax);
    if (between->up) disconnect(node, other, notice);
  }
}

void Network::refresh_all(std::size_t node) {
  // A node that only runs jobs has links to requesters alone.
  const std::size_t others = node < requesters_ ? ports_.size() : requesters_;
  for (std::size_t other = 0; other < others; ++other)
    refresh(node, other);
}

void Network::refresh(std::size_t a, std::size_t b) {
  Link* const between = link(a, b);
  if (!between) return;
  const bool frozen = ports_[a].frozen || ports_[b].frozen;
  if (reachable(a, b) && !between->up && !between->connecting && !frozen) {
    between->connecting = true;
    const Duration pause = a == b ? Duration{0} : world_.dice.between(10ms, 500ms);
    world_.agenda.after(pause, [this, a, b] { connect(a, b); });
  } else if (between->up && a != b && (frozen || !reachable(a, b))) {
    const Duration notice = world_.dice.between(kNoticeMin, kNoticeMax);
    world_.agenda.after(notice, [this, a, b, between, was = between->connection] {
      const bool ill = ports_[a].frozen || ports_[b].frozen || !reachable(a, b);
      if (between->up && between->connection == was && ill) disconnect(a, b, Duration{0});
    });
  }
}

void Network::connect(std::size_t a, std::size_t b) {
  Link& between = *link(a, b);
  between.connecting = false;
  if (between.up || !reachable(a, b) || ports_[a].frozen || ports_[b].frozen) return;
  const auto [low, high] = std::minmax(a, b);
  if (between.sees[0]) lose_sight(low, high);
  if (between.sees[1] && low != high) lose_sight(high, low);
  between.up = true;
  ++between.connection;
  between.sees = {true, true};
  world_.chronicle.note({.what = "connected", .node = low, .peer = high});
  for (const auto& [node, peer] : {std::pair(low, high), std::pair(high, low)}) {
    tell(node, swarm::PeerUp{ports_[peer].id});
    if (ports_[peer].info) tell(node, swarm::NodeDescribed{*ports_[peer].info});
    if (low == high) break;
  }
}

void Network::disconnect(std::size_t a, std::size_t b, Duration noticed) {
  Link& between = *link(a, b);
  between.up = false;
  const auto [low, high] = std::minmax(a, b);
  world_.chronicle.note({.what = "disconnected", .node = low, .peer = high});
  world_.agenda.after(noticed, [this, low, high, was = between.connection] {
    Link& later = *link(low, high);
    if (later.up || later.connection != was) return;
    if (later.sees[0]) lose_sight(low, high);
    if (later.sees[1]) lose_sight(high, low);
    refresh(low, high);
  });
}

void Network::lose_sight(std::size_t node, std::size_t peer) {
  Link& between = *link(node, peer);
  const std::size_t end = node < peer ? 0 : 1;
  between.sees[end] = false;
  if (!ports_[node].handlers) return;
  tell(node, swarm::PeerDown{ports_[peer].id, "the connection broke"});
  world_.agenda.after(kForget, [this, node, peer, end, was = between.connection] {
    const Link& later = *link(node, peer);
    const bool back = later.connection != was || later.sees[end];
    if (!back && ports_[node].handlers) tell(node, swarm::NodeForgotten{ports_[peer].id});
  });
}

void Network::tell(std::size_t node, swarm::PeerEvent event) {
  const auto& handlers = ports_[node].handlers;
  if (handlers) handlers->peer(event);
}

void Network::set_side(std::size_t node, int side) {
  ports_[node].side = side;
  refresh_all(node);
}

int Network::side(std::size_t node) const {
  return ports_[node].side;
}

void Network::freeze(std::size_t node) {
  ports_[node].frozen = true;
  refresh_all(node);
}

void Network::thaw(std::size_t node) {
  ports_[node].frozen = false;
  refresh_all(node);
}

void Network::describe(std::size_t node, model::NodeInfo info) {
  ports_[node].info = std::move(info);
  // Who runs jobs only has no use for descriptions.
  for (std::size_t requester = 0; requester < requesters_; ++requester) {
    const Link& between = *link(node, requester);
    const bool seen = between.up && between.sees[requester < node ? 0 : 1];
    if (!seen || ports_[node].side != ports_[requester].side) continue;
    tell(requester, swarm::NodeDescribed{*ports_[node].info});
  }
}

// -- Messages ---------------------------------------------------------------------------------

Result<void> Network::send(std::size_t from, std::size_t to, protocol::Message message) {
  const Link* const between = link(from, to);
  if (!between || !between->sees[from < to || from == to ? 0 : 1]) {
    return fail(Code::Unavailable, "node {}: not connected", ports_[to].id);
  }
  ++messages_;
  auto shared = std::make_shared<const protocol::Message>(std::move(message));
  Happening told = told_by(*shared);
  told.node = from;
  told.peer = to;
  const bool lost = from != to && world_.dice.chance(world_.weather.lost);
  world_.chronicle.note(told, lost ? "sent, and lost" : "sent");
  if (lost) return {};
  carry(from, to, shared);
  if (from != to && world_.dice.chance(world_.weather.doubled)) carry(from, to, std::move(shared));
  return {};
}

void Network::carry(std::size_t from, std::size_t to,
                    std::shared_ptr<const protocol::Message> message) {
  Link& between = *link(from, to);
  const std::size_t end = from < to ? 0 : 1;
  WorldTime arrival = world_.agenda.now();
  if (from == to) {
    arrival += 10us;
  } else {
    arrival += world_.dice.between(1ms, 60ms);
    if (world_.dice.chance(world_.weather.late)) arrival += world_.dice.between(100ms, 5s);
    if (world_.dice.chance(world_.weather.jams)) {
      between.jam_until[end] = world_.agenda.now() + world_.dice.between(500ms, 8s);
      between.jam[end] = world_.dice.between(30s, 60s);
    }
    if (world_.agenda.now() < between.jam_until[end]) arrival += between.jam[end];
  }
  WorldTime& last = between.last[end];
  if (!world_.weather.reordered || from == to) arrival = last = std::max(arrival, last);
  world_.agenda.at(arrival,
                   [this, from, to, connection = between.connection, message = std::move(message)] {
                     deliver(from, to, connection, *message);
                   });
}

void Network::deliver(std::size_t from, std::size_t to, std::uint64_t connection,
                      const protocol::Message& message) {
  const Link& between = *link(from, to);
  const bool same = between.connection == connection || world_.weather.reordered;
  if (!between.up || !same || !between.sees[to < from ? 0 : 1] || !reachable(from, to)) return;
  ports_[to].handlers->message(ports_[from].id, message);
}

}  // namespace skrei::sim
