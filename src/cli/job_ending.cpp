// SPDX-License-Identifier: Apache-2.0
#include "cli/job_ending.hpp"

#include <algorithm>
#include <map>

#include "cli/exit_code.hpp"
#include "json/json.hpp"
#include "model/publisher_params.hpp"

namespace skrei::cli {
namespace {

using model::ComputeStateType;
using model::Execution;
using model::JobStateType;

std::string detail(const model::StringMap& details, std::string_view key) {
  const auto found = details.find(std::string(key));
  return found == details.end() ? "" : found->second;
}

/// By the code that the node gave as the reason of the failure.
int exit_code_of_failure(const Execution& execution) {
  const std::string code = detail(execution.compute_state.details, model::detail_key::kErrorCode);
  if (code == "TimeOut" || code == "time" || code == "cpu time") return kExitTimedOut;
  if (code == to_string(Code::InvalidArgument) || code == to_string(Code::FailedPrecondition)) {
    return kExitNotRunnable;
  }
  if (code == to_string(Code::NotFound)) return kExitNotFound;
  return kExitSkreiFailed;
}

/// The execution that tells what became of each partition: the completed one, else the last.
std::map<int, const Execution*> deciding_executions(const JobRecord& record) {
  std::map<int, const Execution*> deciding;
  for (const Execution& execution : record.executions) {
    const Execution*& held = deciding[execution.partition_index];
    const bool decided =
        held != nullptr && held->compute_state.state_type == ComputeStateType::Completed;
    const bool later = held == nullptr || held->epoch <= execution.epoch;
    if (!decided && (later || execution.compute_state.state_type == ComputeStateType::Completed)) {
      held = &execution;
    }
  }
  return deciding;
}

bool job_timed_out(const JobRecord& record) {
  return std::ranges::any_of(record.history, [](const model::JobHistory& item) {
    return item.event.topic == model::topic::kJobTimeout ||
           item.event.topic == model::topic::kExecutionTimeout;
  });
}

bool has_run(const Execution& execution) {
  const auto state = execution.compute_state.state_type;
  return state != ComputeStateType::AskForBidRejected && state != ComputeStateType::BidRejected;
}

void explain_failure(const JobRecord& record, JobEnding& ending) {
  const model::Job& job = record.job;
  ending.origin = ExitOrigin::Skrei;
  ending.message = job.state.message;
  ending.hint = detail(job.state.details, model::detail_key::kHint);
  if (job.state.state_type == JobStateType::Stopped) {
    ending.exit_code = kExitTerminated;
    if (ending.message.empty()) ending.message = "the job was stopped";
    return;
  }
  const auto deciding = deciding_executions(record);
  if (std::ranges::none_of(deciding, [](const auto& one) { return has_run(*one.second); })) {
    ending.exit_code = job_timed_out(record) ? kExitTimedOut : kExitCannotBePlaced;
    return;
  }
  for (const auto& [partition, execution] : deciding) {
    if (execution->compute_state.state_type != ComputeStateType::Failed) continue;
    ending.exit_code = exit_code_of_failure(*execution);
    if (!execution->compute_state.message.empty()) {
      ending.message = execution->compute_state.message;
    }
    const std::string hint = detail(execution->compute_state.details, model::detail_key::kHint);
    if (!hint.empty()) ending.hint = hint;
    return;
  }
  ending.exit_code = job_timed_out(record) ? kExitTimedOut : kExitSkreiFailed;
}

}  // namespace

std::string_view to_string(ExitOrigin origin) {
  return origin == ExitOrigin::Job ? "job" : "skrei";
}

JobEnding ending_of(const JobRecord& record) {
  JobEnding ending;
  const auto deciding = deciding_executions(record);
  for (const auto& [partition, execution] : deciding) {
    if (const auto published = model::ipfs_result(execution->published_result)) {
      ending.results.push_back({partition, published->cid});
    }
  }
  if (record.job.state.state_type != JobStateType::Completed) {
    explain_failure(record, ending);
    return ending;
  }
  for (const auto& [partition, execution] : deciding) {
    if (!execution->run_output || execution->run_output->exit_code == 0) continue;
    ending.exit_code = execution->run_output->exit_code;
    break;
  }
  return ending;
}

json::Value ending_to_json(const JobRecord& record, const JobEnding& ending) {
  json::Value results = json::Value::array();
  for (const PublishedResult& result : ending.results)
    results.push_back({{"partition", result.partition}, {"cid", result.cid}});
  json::Value value = {{"job_id", record.job.id.str()},
                       {"state", std::string(model::to_string(record.job.state.state_type))},
                       {"exit_code", ending.exit_code},
                       {"exit_origin", std::string(to_string(ending.origin))},
                       {"results", std::move(results)}};
  if (!ending.message.empty()) value["message"] = ending.message;
  if (!ending.hint.empty()) value["hint"] = ending.hint;
  const auto deciding = deciding_executions(record);
  if (!deciding.empty() && deciding.begin()->second->run_output) {
    const model::RunOutput& output = *deciding.begin()->second->run_output;
    value["stdout"] = output.stdout_text;
    value["stdout_truncated"] = output.stdout_truncated;
    value["stderr"] = output.stderr_text;
    value["stderr_truncated"] = output.stderr_truncated;
  }
  return value;
}

}  // namespace skrei::cli
