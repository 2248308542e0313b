// SPDX-License-Identifier: Apache-2.0
#include "swarm/inprocess/network.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "async/loop.hpp"
#include "base/assert.hpp"

namespace skrei::swarm::inprocess {
namespace {

/// Delivered in one turn of the loop before others get theirs.
constexpr std::size_t kDeliveriesPerTurn = 64;

struct Letter {
  NodeId from;
  protocol::Message message;
};

using Item = std::variant<Letter, PeerEvent>;

/// One node that takes part.
struct Member {
  Peers::Handlers handlers;
  std::optional<model::NodeInfo> info;
  std::deque<Item> inbox;
  std::size_t letters = 0;
  bool turn_posted = false;
  /// Tells a node from a later one of the same id.
  std::uint64_t generation = 0;
};

}  // namespace

class Network::State : public std::enable_shared_from_this<Network::State> {
 public:
  State(async::Loop& loop, Options options) : loop_(loop), options_(options) {}

  void enter(const NodeId& id, Peers::Handlers handlers) {
    SKREI_ASSERT(!members_.contains(id));
    Member& member = members_[id];
    member.handlers = std::move(handlers);
    member.generation = ++generations_;
    for (auto& [other_id, other] : members_) {
      tell(id, PeerUp{other_id});
      if (other.info) tell(id, NodeDescribed{*other.info});
      if (other_id != id) tell(other_id, PeerUp{id});
    }
  }

  void leave(const NodeId& id) {
    if (members_.erase(id) == 0) return;
    for (auto& [other_id, other] : members_) {
      tell(other_id, PeerDown{id, "it left"});
      tell(other_id, NodeForgotten{id});
    }
  }

  void describe(const NodeId& id, model::NodeInfo info) {
    const auto place = members_.find(id);
    if (place == members_.end()) return;
    place->second.info = std::move(info);
    for (auto& [other_id, other] : members_)
      tell(other_id, NodeDescribed{*place->second.info});
  }

  Result<void> send(const NodeId& from, const NodeId& to, protocol::Message message) {
    const auto place = members_.find(to);
    if (place == members_.end() || !members_.contains(from)) {
      return fail(Code::Unavailable, "node {}: not connected", to);
    }
    Member& member = place->second;
    if (member.letters >= options_.inbox_max) {
      ++dropped_;
      return fail(Code::ResourceExhausted, "node {}: {} messages wait for it; {} is dropped", to,
                  member.letters, protocol::name_of(message));
    }
    ++member.letters;
    put(to, member, Letter{from, std::move(message)});
    return {};
  }

  std::uint64_t dropped() const { return dropped_; }

 private:
  void tell(const NodeId& id, PeerEvent event) { put(id, members_.at(id), std::move(event)); }

  void put(const NodeId& id, Member& member, Item item) {
    member.inbox.push_back(std::move(item));
    post_turn(id, member);
  }

  void post_turn(const NodeId& id, Member& member) {
    if (member.turn_posted) return;
    member.turn_posted = true;
    loop_.post([weak = weak_from_this(), id, generation = member.generation] {
      if (const auto state = weak.lock()) state->deliver(id, generation);
    });
  }

  /// The member while it is the one of this generation; a handler may have made it leave.
  Member* current(const NodeId& id, std::uint64_t generation) {
    const auto place = members_.find(id);
    const bool same = place != members_.end() && place->second.generation == generation;
    return same ? &place->second : nullptr;
  }

  void deliver(const NodeId& id, std::uint64_t generation) {
    Member* member = current(id, generation);
    if (!member) return;
    member->turn_posted = false;
    for (std::size_t count = 0; count < kDeliveriesPerTurn; ++count) {
      if (member->inbox.empty()) return;
      const Item item = std::move(member->inbox.front());
      member->inbox.pop_front();
      // Copied: the handler may make the member leave while it runs.
      const Peers::Handlers& handlers = member->handlers;
      if (const auto* letter = std::get_if<Letter>(&item)) {
        --member->letters;
        const auto handler = handlers.message;
        handler(letter->from, letter->message);
      } else {
        const auto handler = handlers.peer;
        handler(std::get<PeerEvent>(item));
      }
      member = current(id, generation);
      if (!member) return;
    }
    if (!member->inbox.empty()) post_turn(id, *member);
  }

  async::Loop& loop_;
  const Options options_;
  std::map<NodeId, Member> members_;
  std::uint64_t generations_ = 0;
  std::uint64_t dropped_ = 0;
};

namespace {

class InProcessPeers final : public Peers {
 public:
  InProcessPeers(std::shared_ptr<Network::State> network, NodeId id)
      : network_(std::move(network)), id_(std::move(id)) {}
  ~InProcessPeers() override { stop(); }

  const NodeId& self() const override { return id_; }

  void start(Handlers handlers) override {
    network_->enter(id_, std::move(handlers));
    started_ = true;
  }

  void stop() override {
    if (std::exchange(started_, false)) network_->leave(id_);
  }

  void announce(model::NodeInfo info) override { network_->describe(id_, std::move(info)); }

  Result<void> send(const NodeId& to, protocol::Message message) override {
    return network_->send(id_, to, std::move(message));
  }

 private:
  std::shared_ptr<Network::State> network_;
  NodeId id_;
  bool started_ = false;
};

}  // namespace

Network::Network(async::Loop& loop) : Network(loop, Options{}) {}

Network::Network(async::Loop& loop, Options options)
    : state_(std::make_shared<State>(loop, options)) {}

Network::~Network() = default;

std::unique_ptr<Peers> Network::join(NodeId id) {
  return std::make_unique<InProcessPeers>(state_, std::move(id));
}

std::uint64_t Network::dropped() const {
  return state_->dropped();
}

}  // namespace skrei::swarm::inprocess
