// SPDX-License-Identifier: Apache-2.0
#include "compute/exit_result.hpp"

#include "model/event.hpp"

namespace skrei::compute {
namespace {

using protocol::ExecutionResult;
using protocol::Fault;
using protocol::OutcomeKind;

ExecutionResult failed(Fault fault, std::string message, std::string_view code) {
  ExecutionResult result{
      .kind = OutcomeKind::Failed, .fault = fault, .message = std::move(message)};
  result.details[std::string(model::detail_key::kErrorCode)] = code;
  if (fault != Fault::Job) result.details[std::string(model::detail_key::kRetryable)] = "true";
  return result;
}

std::string limit_message(const executor::Exit& exit, std::chrono::seconds timeout) {
  if (exit.limit != executor::LimitKind::WallTime || timeout.count() == 0) return exit.message;
  // The words that clients of v1.9.3 look for.
  return fmt::format("Execution timed out. Execution took longer than {}s", timeout.count());
}

}  // namespace

ExecutionResult result_of_exit(const executor::Exit& exit, std::chrono::seconds timeout) {
  ExecutionResult result;
  switch (exit.kind) {
    case executor::ExitKind::Exited:
      break;
    case executor::ExitKind::Trapped:
      result = failed(Fault::Job, exit.message, "Trapped");
      break;
    case executor::ExitKind::LimitExceeded:
      result = failed(Fault::Job, limit_message(exit, timeout), to_string(exit.limit));
      break;
    case executor::ExitKind::Cancelled:
      result.kind = OutcomeKind::Cancelled;
      result.message = exit.message;
      break;
    case executor::ExitKind::NodeFault:
      result = failed(Fault::Node, exit.message, "NodeFault");
      break;
    case executor::ExitKind::NotStarted:
      result = failed(Fault::Unstarted, exit.message, "NotStarted");
      break;
  }
  result.peak_usage = exit.peak;
  return result;
}

ExecutionResult result_of_error(const Error& error, std::string_view doing) {
  // Content that is missing here may be on another node.
  const bool of_the_node =
      is_retryable(error.code) || error.code == Code::Internal || error.code == Code::NotFound;
  ExecutionResult result =
      failed(of_the_node ? Fault::Node : Fault::Job, fmt::format("{}: {}", doing, error.message),
             to_string(error.code));
  if (!error.hint.empty()) {
    result.details[std::string(model::detail_key::kHint)] = error.hint;
  }
  return result;
}

}  // namespace skrei::compute
