// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/job.hpp"
#include "model/node.hpp"
#include "model/resources.hpp"
#include "orchestrator/options.hpp"
#include "protocol/deadlines.hpp"
#include "protocol/messages.hpp"

namespace skrei::orchestrator {

/// What placement asks of a job, taken from it once.
struct Needs {
  model::Resources resources;
  /// Jobs with equal keys read the same data and program: what one bid said holds for the next.
  std::string data_key;
};

Result<Needs> needs_of(const model::Job& job);

/// One node as this requester knows it.
struct NodeEntry {
  NodeId id;
  /// Unset until it has described itself.
  std::optional<model::NodeInfo> info;
  bool up = false;
  std::size_t offers_open = 0;
  /// Executions awarded to the node that hold a lease.
  std::set<ExecutionId> awards;

  /// Left alone until then: it had no room, was silent, or broke executions.
  BootTime closed_until{};
  std::string closed_reason;
  Duration not_now_delay{0};
  /// Once it has said that it is full: as many executions and offers as it takes of ours at once.
  /// So each end makes room for one offer, not for a volley of which all but one are refused. Grows
  /// a little with the bids that it makes since.
  std::optional<std::size_t> room;
  int bids_since_full = 0;
  /// Executions in a row that the node broke.
  int faults = 0;

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
  void erase(const NodeId& id);
  const std::map<NodeId, NodeEntry>& all() const { return nodes_; }
  /// Whether some node has described itself.
  bool any_known() const;

  /// Whether an offer of anything may be worth sending now.
  bool is_open(const NodeEntry& node, BootTime now) const;
  bool any_open(BootTime now) const;
  /// Why the node can never run the job as both are; empty: it can.
  static std::vector<protocol::Reason> unsuitable(const NodeEntry& node, const model::Job& job,
                                                  const Needs& needs);
  /// Why a suitable node is not asked at the moment; unset: it may be.
  std::optional<protocol::Reason> busy(const NodeEntry& node, BootTime now) const;

  /// Estimated time until the job would run there: queue wait, and moving what is missing.
  Duration cost(const NodeEntry& node, const Needs& needs) const;
  /// How long the node may take to answer an offer.
  Duration answer_time(const NodeEntry& node) const;

  void note_bid(NodeEntry& node, const protocol::Bid& bid, const Needs& needs, Duration took);
  /// Leaves the node alone for a while, longer each time in a row.
  void close(NodeEntry& node, std::string reason, BootTime now);
  /// Whether it has all that it takes of ours at once, as far as it has said.
  bool is_full(const NodeEntry& node) const;
  /// It refused an offer because of its load.
  void note_full(NodeEntry& node);
  /// Something changed there: ask again.
  void open(NodeEntry& node);
  /// An execution there was lost or broken by the node.
  void note_fault(NodeEntry& node, BootTime now);

  std::optional<BootTime> next_opening() const { return openings_.first(); }
  /// True if a node has become open by time since the last call.
  bool take_openings(BootTime now);

 private:
  const Options& options_;
  std::map<NodeId, NodeEntry> nodes_;
  protocol::Deadlines<NodeId> openings_;
};

}  // namespace skrei::orchestrator
