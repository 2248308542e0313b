// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"
#include "orchestrator/node_table.hpp"
#include "protocol/execution_machine.hpp"
#include "protocol/messages.hpp"

namespace skrei::orchestrator {

/// One award of a partition, as long as it may still matter: while it holds a lease, and after the
/// loss of it until the partition is decided.
struct LiveAward {
  model::Execution record;
  /// Whose bid was taken; empty after a restart.
  OfferId offer;
  /// The run of the node that the award is for; empty until the node has said it, which it does
  /// in its bid and after each hello.
  std::string node_run_id;
  protocol::ExecutionPhase phase = protocol::ExecutionPhase::Awarded;
  BootTime lease_end{};
  /// Of the last report, outcome or heartbeat that counted.
  std::uint64_t revision_seen = 0;
  int events_seen = 0;
  /// Heartbeats in a row that did not list it.
  int missed = 0;
  /// Unconfirmed: when the award is said again, or the hello that must come before it.
  BootTime repeat_at{};
  /// Running: when the requester ends it, should the node not do so.
  std::optional<BootTime> timeout_at;
};

/// Place of a job in the line: higher priority first, then the turn it has, oldest first.
struct WaitKey {
  std::int64_t rank = 0;
  std::uint64_t serial = 0;
  JobId job;

  auto operator<=>(const WaitKey&) const = default;
};

enum class PartitionStage {
  Ready,    ///< Waits to be offered.
  Offered,  ///< One offer waits for its answer.
  Held,     ///< An award holds a lease.
  Delayed,  ///< Waits after a failure or a refusal of its own.
};

/// A partition that has been offered at least once and is not decided.
struct Partition {
  /// Of an ops job: the node it is meant for.
  NodeId node;
  PartitionStage stage = PartitionStage::Ready;
  OfferId offer;
  /// Unanswered in time: their bids still count for a while.
  std::vector<OfferId> silent;
  /// Of the newest award.
  std::uint64_t epoch = 0;
  /// Awards that started, or may have.
  int starts = 0;
  /// Awards whose node went down before the program began.
  int unstarted = 0;
  /// Refusals in a row that concern this job, not the node's load.
  int refusals = 0;
  /// Of an ops job, at first, one in phase Planned.
  std::vector<LiveAward> awards;
  /// Nodes on which it failed: asked last, and the last of them last of all.
  std::set<NodeId> failed_on;
  NodeId last_failed_on;
  /// Until then a retry waits for another node than that one, if there is one.
  BootTime avoids_until{};
  ExecutionId last_execution;
  std::string last_failure;
  /// It ended so that no other start may follow, or was the last one allowed: what recovery finds.
  bool failed_for_good = false;
};

/// Error code of an execution whose node went down before its program began.
inline constexpr std::string_view kNotStarted = "NotStarted";

/// Why a node did not take a job, newest word.
struct NodeVerdict {
  protocol::RefusalKind kind = protocol::RefusalKind::NotNow;
  std::string sentence;
  /// A "never" holds for a while: data and settings of a node change.
  BootTime at{};
};

/// So long a node is not asked again that said "never".
inline constexpr Duration kNeverHolds = std::chrono::seconds(60);

/// A job that has not ended.
struct LiveJob {
  /// The stored record; replaced, never changed.
  std::shared_ptr<const model::Job> record;
  Needs needs;
  /// Ascending with the age of jobs in this process.
  std::uint64_t serial = 0;

  /// Partitions: Count of them, or one for each node that an ops job was planned for.
  int total = 0;
  /// False for an ops job while no node has matched: it has no partitions yet.
  bool planned = true;
  /// Partitions from here on were never offered.
  int fresh = 0;
  std::map<int, Partition> partitions;
  /// Those of `partitions` in stage Ready.
  std::set<int> ready;
  std::vector<bool> decided;
  int decided_count = 0;
  /// Of an ops job: how many of the decided ones failed, and why, by node (Options::reasons_max).
  int failed_count = 0;
  std::map<NodeId, std::string> failures;

  /// Its place, while it stands in line, and how many offers it has made in this turn.
  std::optional<WaitKey> place;
  int offers_in_turn = 0;
  std::size_t offers_open = 0;

  /// What nodes said that were asked.
  std::map<NodeId, NodeVerdict> verdicts;
  /// Nodes that broke its executions since one last ended well, and how.
  std::map<NodeId, std::string> broken_nodes;
  /// No verdict of "never" ends the job before.
  BootTime settles_at{};
  /// When it is looked into again why the job waits.
  BootTime explain_at{};
  std::optional<BootTime> queue_deadline;
  std::optional<BootTime> total_deadline;

  /// What its state is to say of the newest retry, and when: not more often than each second.
  std::string note;
  std::optional<BootTime> note_at;
  BootTime noted_at{};

  const JobId& id() const { return record->id; }
  int count() const { return total; }
  bool is_ops() const { return record->type == model::JobType::Ops; }
  /// Whether some partition waits to be offered; of one that was never offered only while fewer
  /// than `partitions_max` are under way.
  bool has_ready(std::size_t partitions_max) const;
  /// Whether an execution was ever awarded.
  bool placed() const;
  std::optional<BootTime> next_deadline() const;
};

/// Writes into a job's Meta who its requester is, where v1 clients look for it.
void stamp(model::Job& job, const NodeId& requester);

/// The award with this execution id; null if there is none.
LiveAward* find_award(Partition& partition, const ExecutionId& id);
/// The award that holds the partition's lease; null if none does.
LiveAward* holder(Partition& partition);
/// The execution that is meant for the partition's node and not awarded yet; null if there is none.
LiveAward* planned_award(Partition& partition);

}  // namespace skrei::orchestrator
