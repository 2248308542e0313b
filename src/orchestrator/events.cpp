// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/events.hpp"

#include <utility>

#include <fmt/format.h>

#include "model/time_text.hpp"

namespace skrei::orchestrator::events {
namespace {

constexpr std::string_view kTimeoutHint = "Increase the task timeout or allocate more resources";

model::Event make(std::string_view topic, std::string message, WallTime at,
                  model::StringMap details = {}) {
  return {std::move(message), std::string(topic), at, std::move(details)};
}

std::string key(std::string_view name) {
  return std::string(name);
}

/// Details of an event that is an error and ends an execution.
model::StringMap failure_details(std::string_view hint) {
  return {{key(model::detail_key::kIsError), "true"},
          {key(model::detail_key::kFailsExecution), "true"},
          {key(model::detail_key::kHint), std::string(hint)}};
}

std::string sentence(std::string_view head, std::string_view rest) {
  return rest.empty() ? std::string(head) : fmt::format("{}. {}", head, rest);
}

}  // namespace

model::Event job_submitted(WallTime at) {
  return make(model::topic::kSubmission, "Job submitted", at);
}

model::Event job_updated(WallTime at) {
  return make(model::topic::kSubmission, "Job updated", at);
}

model::Event job_rerun(std::uint64_t version, std::string_view reason, WallTime at) {
  return make(model::topic::kSubmission, "Job rerun requested", at,
              {{key(model::detail_key::kReason), std::string(reason)},
               {"JobVersion", fmt::format("{}", version)}});
}

model::Event job_state(model::JobStateType state, std::string_view message, WallTime at) {
  const std::string name(model::to_string(state));
  return make(model::topic::kStateUpdate, sentence(name, message), at,
              {{key(model::detail_key::kNewState), name}});
}

model::Event job_queued(std::string_view reason, WallTime at) {
  return make(model::topic::kQueueing, sentence("Job queued", reason), at);
}

model::Event job_not_placed(std::string_view reason, WallTime at) {
  return make(model::topic::kQueueing, std::string(reason), at,
              {{key(model::detail_key::kIsError), "true"}});
}

model::Event job_stop_requested(std::string_view reason, WallTime at) {
  return make(model::topic::kScheduling, "Job requested to stop before completion", at,
              {{key(model::detail_key::kReason), std::string(reason)}});
}

model::Event job_planned(std::size_t nodes, WallTime at) {
  return make(model::topic::kScheduling,
              fmt::format("Job runs once on each of {} matching nodes", nodes), at);
}

model::Event job_retries(const Retry& retry, WallTime at) {
  const std::string node = short_id(retry.node);
  return make(
      model::topic::kScheduling,
      fmt::format("Partition {} is started again in {} (attempt {} of {}), after node {}: {}",
                  retry.partition, model::format_duration(retry.delay), retry.attempt,
                  retry.attempts_max, node, retry.reason),
      at,
      {{key(model::detail_key::kReason), retry.reason},
       {"Partition", fmt::to_string(retry.partition)},
       {"Attempt", fmt::to_string(retry.attempt)},
       {"NextTime", model::format_time(at + retry.delay)},
       {"NodeID", retry.node.str()}});
}

model::Event job_retries_exhausted(std::string_view reason, WallTime at) {
  return make(model::topic::kScheduling,
              sentence("Job failed because it has been retried too many times", reason), at,
              {{key(model::detail_key::kIsError), "true"}});
}

model::Event job_executions_failed(std::string_view reason, WallTime at) {
  return make(model::topic::kScheduling,
              sentence("Job failed because one or more executions failed", reason), at,
              {{key(model::detail_key::kIsError), "true"}});
}

model::Event job_timed_out(std::chrono::seconds limit, WallTime at) {
  return make(model::topic::kJobTimeout,
              fmt::format("Job timed out. Job took longer than {}", model::format_duration(limit)),
              at, failure_details(kTimeoutHint));
}

model::Event execution_requested(const NodeId& node, WallTime at) {
  return make(model::topic::kScheduling, fmt::format("Requested execution on {}", short_id(node)),
              at, {{"NodeID", node.str()}});
}

model::Event execution_running(WallTime at) {
  return make(model::topic::kExecution, "Running", at);
}

model::Event execution_completed(WallTime at) {
  return make(model::topic::kExecution, "Completed successfully", at);
}

model::Event execution_failed(std::string_view message, const model::StringMap& details,
                              bool retryable, WallTime at) {
  model::StringMap all = details;
  all.insert_or_assign(key(model::detail_key::kIsError), "true");
  all.insert_or_assign(key(model::detail_key::kFailsExecution), "true");
  all.insert_or_assign(key(model::detail_key::kRetryable), retryable ? "true" : "false");
  return make(model::topic::kExecution, std::string(message), at, std::move(all));
}

model::Event execution_refused(std::string_view reasons, WallTime at) {
  return make(model::topic::kExecutionScanning,
              fmt::format("this node does not take the execution now: {}", reasons), at);
}

model::Event execution_lost(const NodeId& node, std::string_view reason, WallTime at) {
  return make(
      model::topic::kScheduling, fmt::format("Execution lost: node {} {}", short_id(node), reason),
      at,
      {{key(model::detail_key::kIsError), "true"}, {key(model::detail_key::kRetryable), "true"}});
}

model::Event execution_back(const NodeId& node, WallTime at) {
  return make(model::topic::kScheduling,
              fmt::format("Execution goes on: node {} is back with it", short_id(node)), at);
}

model::Event execution_timed_out(std::chrono::seconds limit, WallTime at) {
  return make(model::topic::kExecutionTimeout,
              fmt::format("Execution timed out. Execution took longer than {}",
                          model::format_duration(limit)),
              at, failure_details(kTimeoutHint));
}

model::Event execution_stopped(std::string_view why, WallTime at) {
  return make(model::topic::kScheduling, std::string(why), at);
}

model::Event late_result(Comparison comparison, std::string_view published, WallTime at) {
  constexpr auto kWords = [](Comparison value) -> std::string_view {
    switch (value) {
      case Comparison::Agrees:
        return "agrees with";
      case Comparison::Differs:
        return "differs from";
      case Comparison::Unknown:
        return "cannot be compared with";
    }
    std::unreachable();
  };
  return make(model::topic::kExecution,
              fmt::format("Late result {} the recorded one", kWords(comparison)), at,
              {{"LateResult", std::string(published)}});
}

std::string short_id(const NodeId& node) {
  constexpr std::size_t kShortLength = 10;  // "n-" and the first group of a UUID.
  const std::string& text = node.str();
  const bool is_uuid = text.starts_with("n-") && text.size() == 38;
  return is_uuid ? text.substr(0, kShortLength) : text;
}

}  // namespace skrei::orchestrator::events
