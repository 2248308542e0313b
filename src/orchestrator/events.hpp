// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/event.hpp"
#include "model/job.hpp"

/// The events a requester writes into histories, in the words that clients of v1.9.3 expect.
namespace skrei::orchestrator::events {

model::Event job_submitted(WallTime at);
model::Event job_updated(WallTime at);
/// `version`: the one whose specification is run again.
model::Event job_rerun(std::uint64_t version, std::string_view reason, WallTime at);
/// "Running", "Completed. <message>", …
model::Event job_state(model::JobStateType state, std::string_view message, WallTime at);
model::Event job_queued(std::string_view reason, WallTime at);
/// The job waited for a node for longer than its queue timeout, or no node can ever take it.
model::Event job_not_placed(std::string_view reason, WallTime at);
model::Event job_stop_requested(std::string_view reason, WallTime at);
/// An ops job is fixed to so many nodes.
model::Event job_planned(std::size_t nodes, WallTime at);
/// Another start of a partition, and what the last one came to.
struct Retry {
  int partition = 0;
  /// Of the start that comes, from 1; and of the last one that is allowed.
  int attempt = 1;
  int attempts_max = 1;
  Duration delay{0};
  NodeId node;
  std::string reason;
};
model::Event job_retries(const Retry& retry, WallTime at);
model::Event job_retries_exhausted(std::string_view reason, WallTime at);
model::Event job_executions_failed(std::string_view reason, WallTime at);
model::Event job_timed_out(std::chrono::seconds limit, WallTime at);

model::Event execution_requested(const NodeId& node, WallTime at);
model::Event execution_running(WallTime at);
model::Event execution_completed(WallTime at);
model::Event execution_failed(std::string_view message, const model::StringMap& details,
                              bool retryable, WallTime at);
model::Event execution_refused(std::string_view reasons, WallTime at);
model::Event execution_lost(const NodeId& node, std::string_view reason, WallTime at);
model::Event execution_back(const NodeId& node, WallTime at);
model::Event execution_timed_out(std::chrono::seconds limit, WallTime at);
model::Event execution_stopped(std::string_view why, WallTime at);
/// A late result, kept beside the recorded one. `agrees`: both published the same.
enum class Comparison { Agrees, Differs, Unknown };
model::Event late_result(Comparison comparison, std::string_view published, WallTime at);

inline constexpr std::string_view kStoppedWithJob =
    "Execution stop requested because job has been stopped";
inline constexpr std::string_view kStoppedForUpdate = "Execution stopped for job update";
inline constexpr std::string_view kStoppedSurplus =
    "Execution stop requested because there are more executions than needed";
inline constexpr std::string_view kStoppedByFailure = "Execution stopped due to job failure";

/// "n-" and 8 characters of a UUID, as clients show ids; others as they are.
std::string short_id(const NodeId& node);

}  // namespace skrei::orchestrator::events
