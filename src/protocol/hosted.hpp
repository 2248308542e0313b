// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/job.hpp"
#include "model/resources.hpp"
#include "protocol/outcome.hpp"

namespace skrei::protocol {

/// Where an awarded execution stands on the node that holds it.
enum class HostedPhase {
  Waiting,     ///< Accepted; the node has no room yet.
  Preparing,   ///< Inputs are fetched and mounted. Written before anything is started.
  Running,     ///< The program runs.
  Publishing,  ///< The program ended; its outputs are stored.
  Stopping,    ///< Asked to end (cancel, time limit, lost lease); the program may still be there.
  Finished,    ///< Ended with a result that the requester has not acknowledged.
};

/// "waiting", "preparing", …: the stored form.
std::string_view to_string(HostedPhase phase);
Result<HostedPhase> parse_hosted_phase(std::string_view text);

/// The form that requesters and users see: BidAccepted, Running, Publishing, …
model::ComputeStateType compute_state(HostedPhase phase, const ExecutionResult* result);

/// The compute side's durable record of one awarded execution, kept until its result is
/// acknowledged (or its retention ends).
struct HostedExecution {
  ExecutionId id;
  NodeId requester;
  /// As awarded; never changed. Shared with the messages and deciders that refer to it.
  std::shared_ptr<const model::Job> job;
  int partition_index = 0;
  /// Which start of the partition this is, from 1.
  int attempt = 1;
  std::uint64_t epoch = 0;
  /// What the execution counts against the node's capacity.
  model::Resources resources;

  HostedPhase phase = HostedPhase::Waiting;
  /// One more with every change of the record.
  std::uint64_t revision = 0;
  /// Why it is Stopping and what its end will be called: Cancelled, or Failed with a sentence.
  std::optional<ExecutionResult> stop;
  /// Set exactly in phase Finished.
  std::optional<ExecutionResult> result;

  /// What was left of the job's total timeout at `accept_time`; 0: no limit.
  Duration total_left{0};
  /// This node's own wall clock.
  WallTime accept_time;
  std::optional<WallTime> start_time;
  std::optional<WallTime> finish_time;
};

}  // namespace skrei::protocol
