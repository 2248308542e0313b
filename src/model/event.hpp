// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/labels.hpp"

namespace skrei::model {

/// Topics of events, as clients of v1.9.3 show them.
namespace topic {
inline constexpr std::string_view kSubmission = "Submission";
inline constexpr std::string_view kStateUpdate = "State Update";
inline constexpr std::string_view kScheduling = "Scheduling";
inline constexpr std::string_view kQueueing = "Queueing";
inline constexpr std::string_view kExecutionTimeout = "Exec Timeout";
inline constexpr std::string_view kJobTimeout = "Job Timeout";
inline constexpr std::string_view kExecution = "Execution";
inline constexpr std::string_view kExecutionScanning = "Exec Scanning";
inline constexpr std::string_view kDownloadingInputs = "Downloading Inputs";
inline constexpr std::string_view kPreparingEnvironment = "Preparing Environment";
inline constexpr std::string_view kRunningExecution = "Running Execution";
inline constexpr std::string_view kPublishingResults = "Publishing Results";
inline constexpr std::string_view kRestart = "Restart";
}  // namespace topic

/// Keys of Event::details and of state details.
namespace detail_key {
inline constexpr std::string_view kErrorCode = "ErrorCode";
inline constexpr std::string_view kHint = "Hint";
inline constexpr std::string_view kRetryable = "Retryable";
inline constexpr std::string_view kFailsExecution = "FailsExecution";
inline constexpr std::string_view kIsError = "IsError";
inline constexpr std::string_view kNewState = "NewState";
inline constexpr std::string_view kReason = "Reason";
}  // namespace detail_key

/// Something that happened, in a sentence for people.
struct Event {
  std::string message;
  std::string topic;
  WallTime timestamp;
  StringMap details;

  bool operator==(const Event&) const = default;
};

/// Of the job as a whole, or of one execution. "JobLevel", "ExecutionLevel" on the wire.
enum class HistoryType { JobLevel, ExecutionLevel };

std::string_view to_string(HistoryType type);
Result<HistoryType> parse_history_type(std::string_view text);

/// One row of a job's history.
struct JobHistory {
  /// Ascending within a store; never used twice.
  std::uint64_t seq_num = 0;
  HistoryType type = HistoryType::JobLevel;
  JobId job_id;
  std::uint64_t job_version = 0;
  /// Empty at job level.
  ExecutionId execution_id;
  Event event;
  /// When the row was written; the event may be older.
  WallTime time;

  bool operator==(const JobHistory&) const = default;
};

}  // namespace skrei::model
