// SPDX-License-Identifier: Apache-2.0
#include "compute/exit_result.hpp"

#include <gtest/gtest.h>

#include "model/event.hpp"

namespace skrei::compute {
namespace {

using namespace std::chrono_literals;
using executor::ExitKind;
using executor::LimitKind;
using protocol::Fault;
using protocol::OutcomeKind;

std::string detail(const protocol::ExecutionResult& result, std::string_view key) {
  const auto found = result.details.find(std::string(key));
  return found == result.details.end() ? "" : found->second;
}

TEST(ExitResult, AProgramThatExitedIsCompletedWhateverItsCode) {
  const auto result = result_of_exit(
      {.kind = ExitKind::Exited, .exit_code = 7, .message = {}, .peak = {.memory_bytes = 5}}, 0s);

  EXPECT_EQ(result.kind, OutcomeKind::Completed);
  EXPECT_EQ(result.fault, Fault::None);
  EXPECT_EQ(result.message, "");
  EXPECT_EQ(result.peak_usage->memory_bytes, 5U);
}

TEST(ExitResult, EachEndHasItsFaultAndSentence) {
  const auto trapped = result_of_exit({.kind = ExitKind::Trapped, .message = "unreachable"}, 0s);
  EXPECT_EQ(trapped.kind, OutcomeKind::Failed);
  EXPECT_EQ(trapped.fault, Fault::Job);
  EXPECT_EQ(trapped.message, "unreachable");
  EXPECT_EQ(detail(trapped, model::detail_key::kErrorCode), "Trapped");
  EXPECT_EQ(detail(trapped, model::detail_key::kRetryable), "");

  const auto limit = result_of_exit(
      {.kind = ExitKind::LimitExceeded, .limit = LimitKind::Memory, .message = "memory: too much"},
      60s);
  EXPECT_EQ(limit.fault, Fault::Job);
  EXPECT_EQ(limit.message, "memory: too much");

  const auto cancelled = result_of_exit({.kind = ExitKind::Cancelled, .message = "by user"}, 0s);
  EXPECT_EQ(cancelled.kind, OutcomeKind::Cancelled);
  EXPECT_EQ(cancelled.fault, Fault::None);
  EXPECT_EQ(cancelled.message, "by user");

  const auto lost = result_of_exit({.kind = ExitKind::NodeFault, .message = "power cut"}, 0s);
  EXPECT_EQ(lost.fault, Fault::Node);
  EXPECT_EQ(detail(lost, model::detail_key::kRetryable), "true");

  const auto unstarted = result_of_exit({.kind = ExitKind::NotStarted, .message = "went down"}, 0s);
  EXPECT_EQ(unstarted.fault, Fault::Unstarted);
  EXPECT_EQ(detail(unstarted, model::detail_key::kRetryable), "true");
}

TEST(ExitResult, ATimeoutIsSaidInTheWordsThatClientsLookFor) {
  const executor::Exit exit{
      .kind = ExitKind::LimitExceeded, .limit = LimitKind::WallTime, .message = "wall time"};

  EXPECT_EQ(result_of_exit(exit, 60s).message,
            "Execution timed out. Execution took longer than 60s");
  EXPECT_EQ(result_of_exit(exit, 0s).message, "wall time") << "the limit was not the job's";
}

TEST(ErrorResult, BlamesTheNodeForWhatAnotherNodeMayDoBetter) {
  for (const Code code : {Code::NotFound, Code::Internal, Code::Unavailable, Code::OutOfSpace,
                          Code::ResourceExhausted, Code::DeadlineExceeded}) {
    EXPECT_EQ(result_of_error({code, "x"}, "preparing").fault, Fault::Node) << to_string(code);
  }
  for (const Code code : {Code::InvalidArgument, Code::FailedPrecondition, Code::PermissionDenied,
                          Code::AlreadyExists}) {
    EXPECT_EQ(result_of_error({code, "x"}, "preparing").fault, Fault::Job) << to_string(code);
  }
}

TEST(ErrorResult, SaysWhatWasDoneAndWhatToDo) {
  const auto result =
      result_of_error({Code::InvalidArgument, "no module", "name one"}, "starting the program");

  EXPECT_EQ(result.kind, OutcomeKind::Failed);
  EXPECT_EQ(result.message, "starting the program: no module");
  EXPECT_EQ(detail(result, model::detail_key::kHint), "name one");
  EXPECT_EQ(detail(result, model::detail_key::kErrorCode), "InvalidArgument");
}

}  // namespace
}  // namespace skrei::compute
