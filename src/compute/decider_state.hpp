// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compute/decider.hpp"
#include "compute/fair_queue.hpp"
#include "protocol/deadlines.hpp"
#include "protocol/hosted_machine.hpp"
#include "protocol/lease.hpp"

namespace skrei::compute {

/// One call into the decider: when it happens, and what it causes so far.
struct Turn {
  protocol::Now now;
  Effects fx;

  void act(Action action) { fx.actions.push_back(std::move(action)); }
};

enum class OfferStage {
  Assessing,  ///< The shell looks at it.
  Reserved,   ///< Bid, with room kept for it.
  InLine,     ///< Bid, with a place in the queue kept for it.
  Lapsed,     ///< Bid, and nothing kept any more.
};

struct ReceivedOffer {
  NodeId requester;
  std::shared_ptr<const model::Job> job;
  int partition_index = 0;
  model::Resources counted;
  OfferStage stage = OfferStage::Assessing;
  protocol::Bid bid;
  BootTime bid_at{};
};

/// An execution the node holds, and what of it is not durable.
struct Held {
  protocol::HostedExecution row;
  protocol::HeldLease lease;
  /// The first heartbeat that lists it: answers to earlier ones do not renew its lease.
  std::uint64_t listed_from = 0;
  std::optional<BootTime> execution_deadline;
  std::optional<BootTime> total_deadline;
  /// Finished: when the outcome is said again, after what pause the next time, and until when.
  std::optional<BootTime> repeat_at;
  Duration repeat_pause{0};
  std::optional<BootTime> give_up_at;

  bool has_room() const {
    return row.phase != protocol::HostedPhase::Waiting &&
           row.phase != protocol::HostedPhase::Finished;
  }
};

/// A node whose executions or offers are here.
struct Requester {
  std::set<ExecutionId> held;
  std::uint64_t heartbeats = 0;
  /// When the last few heartbeats were sent, by sequence.
  std::map<std::uint64_t, BootTime> sent;
  std::size_t reservations = 0;
  std::size_t reservations_max = 0;
  /// What its last hello called awarded and not confirmed: these it still counts on, so they are
  /// taken even where their bid is forgotten.
  std::set<ExecutionId> expected;
};

/// The decider's memory and rules, by files: decider.cpp (entry points, time, recovery),
/// decider_offers.cpp (offers, bids, awards), decider_executions.cpp (starts, ends, outcomes),
/// decider_leases.cpp (heartbeats, leases).
class Decider::State {
 public:
  explicit State(Options settings);

  // -- decider.cpp
  Effects finish(Turn& turn);
  std::optional<BootTime> next_wakeup() const;
  void tick(Turn& turn);
  void recover(std::vector<protocol::HostedExecution> rows, Turn& turn);
  void recover_row(protocol::HostedExecution row, Turn& turn);
  model::ComputeNodeInfo describe() const;
  Requester& requester(const NodeId& id);
  /// Writes the record with its next revision.
  void write(Held& held, Turn& turn);
  void arm(const Held& held);
  void arm_limits(Held& held, protocol::Now now);

  // -- decider_offers.cpp
  void on(const NodeId& from, const protocol::Offer& message, Turn& turn);
  void on(const NodeId& from, const protocol::Award& message, Turn& turn);
  void on_assessed(const Assessment& assessment, Turn& turn);
  void on_offer_deadline(const OfferId& id, Turn& turn);
  void refuse(const OfferId& id, const NodeId& to, std::vector<protocol::Reason> reasons,
              Turn& turn);
  void bid(const OfferId& id, ReceivedOffer& offer, Turn& turn);
  /// Gives back what is kept for the offer.
  void release(ReceivedOffer& offer);
  void refuse_award(const NodeId& to, const protocol::Award& award, protocol::Reason reason,
                    Turn& turn);
  void repeat_state(Held& held, const protocol::Award& award, Turn& turn);
  /// An award whose bid is not known (any more): after a restart, or long after its time to live.
  void take_forgotten(const NodeId& from, const protocol::Award& award, Turn& turn);
  bool is_overtaken(const NodeId& from, const protocol::Award& award);
  void accept(const NodeId& from, const protocol::Award& award, ReceivedOffer& offer, Turn& turn);
  bool has_room_for(const model::Resources& resources) const;
  std::size_t in_line() const { return queue.size() + reserved_in_line; }
  Duration queue_wait() const;

  // -- decider_executions.cpp
  void on(const NodeId& from, const protocol::Cancel& message, Turn& turn);
  void on(const NodeId& from, const protocol::OutcomeAck& message, Turn& turn);
  void on_progress(const Progress& progress, Turn& turn);
  void on_finished(const ExecutionId& id, protocol::ExecutionResult result, Turn& turn);
  /// Starts whoever's turn it is, while there is room.
  void start_waiting(Turn& turn);
  void take_room(Held& held);
  void give_room(const Held& held);
  void stop(Held& held, protocol::ExecutionResult why, Turn& turn);
  void end(Held& held, protocol::ExecutionResult result, Turn& turn);
  void report(const Held& held, model::Event event, Turn& turn);
  void send_outcome(Held& held, Turn& turn);
  void remove(const ExecutionId& id, Turn& turn);
  void on_held_deadline(const ExecutionId& id, Turn& turn);

  // -- decider_leases.cpp
  void on(const NodeId& from, const protocol::Hello& message, Turn& turn);
  void on(const NodeId& from, const protocol::HeartbeatAnswer& message, Turn& turn);
  void heartbeat(const NodeId& to, Turn& turn);
  /// All outcomes this requester has not acknowledged, said again.
  void repeat_outcomes(const NodeId& to, Turn& turn);
  /// A message of the other half, at the wrong door.
  template <class Other>
  void on(const NodeId&, const Other&, Turn&) {}

  const Options options;
  std::string boot_id;
  std::string run_id;

  std::map<OfferId, ReceivedOffer> offers;
  std::size_t assessing = 0;
  std::size_t reserved_in_line = 0;
  std::map<ExecutionId, Held> held;
  std::map<NodeId, Requester> requesters;
  /// Removed lately, oldest first: a late repeat of their award starts nothing.
  std::set<ExecutionId> ended;
  std::deque<ExecutionId> ended_order;
  /// Of executions that have room and reservations in stage Reserved.
  model::Resources used;
  std::size_t running = 0;
  FairQueue queue;
  /// Moving average of how long an execution has room.
  Duration usual_stay = std::chrono::seconds(1);

  protocol::Deadlines<OfferId> offer_deadlines;
  protocol::Deadlines<ExecutionId> held_deadlines;
  protocol::Deadlines<NodeId> heartbeat_times;
};

}  // namespace skrei::compute
