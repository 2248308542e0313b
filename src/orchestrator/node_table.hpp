// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/ids.hpp"
#include "model/job.hpp"
#include "model/node.hpp"
#include "model/resources.hpp"
#include "orchestrator/options.hpp"
#include "protocol/deadlines.hpp"
#include "protocol/decider.hpp"
#include "protocol/messages.hpp"

namespace skrei::orchestrator {

/// What placement asks of a job, taken from it once.
struct Needs {
  model::Resources resources;
  /// Jobs with equal keys read the same data and program: what one bid said holds for the next.
  std::string data_key;
  /// Whether it reads anything that has to be fetched.
  bool reads_data = false;
  /// Constraints whose key begins with "favour_": nodes that meet them are asked first, the others
  /// are not excluded.
  std::vector<model::Constraint> favours;
  /// Jobs of one kind suit the same nodes and cost the same there: a digest of everything that
  /// NodeTable::unsuitable() and cost() look at.
  Sha256Digest kind{};
};

Result<Needs> needs_of(const model::Job& job);

/// One node as this requester knows it. Changed through NodeTable only, which notes each change.
struct NodeEntry {
  NodeId id;
  /// Unset until it has described itself.
  std::optional<model::NodeInfo> info;
  bool up = false;
  /// Not up: since when.
  BootTime down_since{};
  std::size_t offers_open = 0;
  /// Executions awarded to the node that hold a lease.
  std::set<ExecutionId> awards;

  /// Left alone until then: it had no room, was silent, or is set aside.
  bool closed = false;
  BootTime closed_until{};
  std::string closed_reason;
  Duration not_now_delay{0};
  /// Once it has said that it is full: as many executions and offers as it takes of ours at once.
  /// So each end makes room for one offer, not for a volley of which all but one are refused. Grows
  /// a little with the bids that it makes since.
  std::optional<std::size_t> room;
  int bids_since_full = 0;

  /// Jobs whose executions it broke since one last went well there. When they are so many that the
  /// fault is hardly theirs, the node is set aside, longer each time in a row, and then gets one
  /// execution to show that it is well.
  std::set<JobId> broke;
  bool set_aside = false;
  int times_aside = 0;

  /// From its last bids: moving average of the time to answer, the wait it announced, and for each
  /// data key how many bytes it lacked.
  std::optional<Duration> usual_answer;
  Duration queue_wait{0};
  std::map<std::string, std::uint64_t> missing_bytes;

  /// Of the last heartbeat.
  std::string run_id;
  std::uint64_t heartbeat_sequence = 0;
  std::optional<WallTime> last_heartbeat;
  std::optional<WallTime> connected_since;
  std::optional<WallTime> disconnected_since;
};

/// The nodes heard of, in the order of their ids.
class NodeTable {
 public:
  explicit NodeTable(const Options& options) : options_(options) {}

  /// Makes the entry if there is none.
  NodeEntry& at(const NodeId& id);
  NodeEntry* find(const NodeId& id);
  const NodeEntry* find(const NodeId& id) const;
  void erase(const NodeId& id);
  const std::map<NodeId, NodeEntry>& all() const { return nodes_; }
  /// Whether some node has described itself.
  bool any_known() const { return described_ > 0; }

  /// Whether an offer of anything may be worth sending now.
  bool is_open(const NodeEntry& node) const { return node.info && !busy(node); }
  bool any_open() const { return !open_.empty(); }
  /// Why the node can never run the job as both are; empty: it can.
  static std::vector<protocol::Reason> unsuitable(const NodeEntry& node, const model::Job& job,
                                                  const Needs& needs);
  /// Why a suitable node is not asked at the moment; unset: it may be.
  std::optional<protocol::Reason> busy(const NodeEntry& node) const;
  /// Whether it has all that it takes of ours at once, as far as it has said.
  bool is_full(const NodeEntry& node) const;

  /// Estimated time until the job would run there: queue wait, and moving what is missing.
  Duration cost(const NodeEntry& node, const Needs& needs) const;
  /// How long the node may take to answer an offer.
  Duration answer_time(const NodeEntry& node) const;

  void connected(NodeEntry& node, protocol::Now now);
  void disconnected(NodeEntry& node, protocol::Now now);
  /// Unset: it is not heard of any more.
  void described(NodeEntry& node, std::optional<model::NodeInfo> info);

  void note_offer(NodeEntry& node);
  void note_answer(NodeEntry& node);
  void note_bid(NodeEntry& node, const protocol::Bid& bid, const Needs& needs, Duration took);
  void note_award(NodeEntry& node, const ExecutionId& execution);
  /// The award ended, or lost its lease.
  void note_end(NodeEntry& node, const ExecutionId& execution);
  /// It refused an offer because of its load.
  void note_full(NodeEntry& node);
  /// An execution of the job was broken by the node, or its lease ran out while it was connected.
  void note_fault(NodeEntry& node, const JobId& job, std::string_view reason, protocol::Now now);
  /// An execution went well there.
  void note_success(NodeEntry& node);

  /// Leaves the node alone for a while, longer each time in a row.
  void close(NodeEntry& node, std::string reason, BootTime now);
  /// Something changed there: ask again, unless it is set aside.
  void open(NodeEntry& node);

  std::optional<BootTime> next_opening() const { return openings_.first(); }
  /// True if a node has become open by time since the last call.
  bool take_openings(BootTime now);

  /// The nodes that changed in what is_open(), unsuitable() or cost() say, oldest first; the first
  /// one has the number `first_change()`. Long ago ones are forgotten.
  const std::deque<NodeId>& changes() const { return changes_; }
  std::uint64_t first_change() const { return first_change_; }

 private:
  void touch(const NodeEntry& node);
  void log_change(const NodeId& id);

  const Options& options_;
  std::map<NodeId, NodeEntry> nodes_;
  std::set<NodeId> open_;
  std::size_t described_ = 0;
  protocol::Deadlines<NodeId> openings_;
  std::deque<NodeId> changes_;
  std::uint64_t first_change_ = 0;
};

}  // namespace skrei::orchestrator
