// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
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
  protocol::ExecutionPhase phase = protocol::ExecutionPhase::Awarded;
  BootTime lease_end{};
  /// Of the last report, outcome or heartbeat that counted.
  std::uint64_t revision_seen = 0;
  int events_seen = 0;
  /// Heartbeats in a row that did not list it.
  int missed = 0;
  /// Unconfirmed: when the award is said again.
  BootTime repeat_at{};
  /// Running: when the requester ends it, should the node not do so.
  std::optional<BootTime> timeout_at;
};

enum class PartitionStage {
  Ready,    ///< Waits to be offered.
  Offered,  ///< One offer waits for its answer.
  Held,     ///< An award holds a lease.
  Delayed,  ///< Waits after a failure or a refusal of its own.
};

/// A partition that has been offered at least once and is not decided.
struct Partition {
  PartitionStage stage = PartitionStage::Ready;
  OfferId offer;
  /// Unanswered in time: their bids still count for a while.
  std::vector<OfferId> silent;
  /// Of the newest award.
  std::uint64_t epoch = 0;
  /// Awards that started, or may have.
  int starts = 0;
  /// Refusals in a row that concern this job, not the node's load.
  int refusals = 0;
  std::vector<LiveAward> awards;
  /// Nodes on which it failed: asked last.
  std::set<NodeId> failed_on;
  ExecutionId last_execution;
  std::string last_failure;
};

/// Why a node did not take a job, newest word.
struct NodeVerdict {
  protocol::RefusalKind kind = protocol::RefusalKind::NotNow;
  std::string sentence;
  /// A "never" holds for a while: data and settings of a node change.
  BootTime at{};
};

/// A job that has not ended.
struct LiveJob {
  /// The stored record; replaced, never changed.
  std::shared_ptr<const model::Job> record;
  Needs needs;
  /// Ascending with the age of jobs in this process.
  std::uint64_t serial = 0;

  /// Partitions from here on were never offered.
  int fresh = 0;
  std::map<int, Partition> partitions;
  /// Those of `partitions` in stage Ready.
  std::set<int> ready;
  std::vector<bool> decided;
  int decided_count = 0;

  /// What nodes said that were asked.
  std::map<NodeId, NodeVerdict> verdicts;
  /// No verdict of "never" ends the job before.
  BootTime settles_at{};
  /// When the state last told why the job waits.
  BootTime explained_at{};
  std::optional<BootTime> queue_deadline;
  std::optional<BootTime> total_deadline;

  const JobId& id() const { return record->id; }
  int count() const { return record->count; }
  /// Whether some partition waits to be offered.
  bool has_ready() const { return !ready.empty() || fresh < count(); }
  /// Whether an execution was ever awarded.
  bool placed() const;
  std::optional<BootTime> next_deadline() const;
};

/// The award with this execution id; null if there is none.
LiveAward* find_award(Partition& partition, const ExecutionId& id);
/// The award that holds the partition's lease; null if none does.
LiveAward* holder(Partition& partition);

}  // namespace skrei::orchestrator
