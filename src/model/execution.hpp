// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/job.hpp"
#include "model/resources.hpp"

namespace skrei::model {

/// What a node does with an execution. The numbers are the wire form.
enum class ComputeStateType : int {
  Undefined = 0,
  New = 1,
  AskForBid = 2,
  AskForBidAccepted = 3,
  AskForBidRejected = 4,
  BidAccepted = 5,
  Running = 6,
  Publishing = 7,
  BidRejected = 8,
  Completed = 9,
  Failed = 10,
  Cancelled = 11,
};

std::string_view to_string(ComputeStateType state);
/// AskForBidRejected, BidRejected, Completed, Failed and Cancelled.
bool is_terminal(ComputeStateType state);

/// What the requester wants of an execution. The numbers are the wire form.
enum class DesiredStateType : int { Pending = 0, Running = 1, Stopped = 2 };

std::string_view to_string(DesiredStateType state);

struct ComputeState {
  ComputeStateType state_type = ComputeStateType::Undefined;
  std::string message;
  /// Keys in use: event.hpp.
  StringMap details;

  bool operator==(const ComputeState&) const = default;
};

struct DesiredState {
  DesiredStateType state_type = DesiredStateType::Pending;
  std::string message;

  bool operator==(const DesiredState&) const = default;
};

/// How the program ended and the beginning of what it said (at most 2 KiB a stream; the whole is
/// in the logs). The texts are bytes of the job: not always UTF-8.
struct RunOutput {
  std::string stdout_text;
  bool stdout_truncated = false;
  std::string stderr_text;
  bool stderr_truncated = false;
  int exit_code = 0;
  /// Why the engine, not the program, failed; empty if it did not.
  std::string error_message;

  bool operator==(const RunOutput&) const = default;
};

/// The most an execution used at any moment, and the CPU time it used in all.
struct PeakUsage {
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::chrono::microseconds cpu_time{0};

  bool operator==(const PeakUsage&) const = default;
};

/// One award of one partition of one version of a job to one node, as stored and as on the wire
/// (execution_json.hpp).
struct Execution {
  ExecutionId id;
  std::string namespace_ = "default";
  NodeId node_id;
  JobId job_id;
  std::uint64_t job_version = 0;
  int partition_index = 0;
  /// Per task name.
  std::map<std::string, Resources> allocated_resources;
  DesiredState desired_state;
  ComputeState compute_state;
  /// Where the result lies; empty type: nothing was published.
  SpecConfig published_result;
  /// Set once the program has ended, and only then.
  std::optional<RunOutput> run_output;
  /// The execution that this one replaces, and the one that replaces it.
  ExecutionId previous_execution;
  ExecutionId next_execution;
  std::uint64_t revision = 0;
  WallTime create_time;
  WallTime modify_time;

  // Skrei's own: additions to the wire form, absent in v1.9.3.
  /// Counts the awards of a partition from 1: fences commands (award, renew, cancel).
  std::uint64_t epoch = 0;
  /// Which start of the partition this is, from 1; told to the program.
  int attempt = 0;
  /// CID of what was computed (task_key.hpp); empty until the inputs are resolved.
  std::string task_key;
  std::optional<PeakUsage> peak_usage;

  bool operator==(const Execution&) const = default;
};

}  // namespace skrei::model
