// SPDX-License-Identifier: Apache-2.0
#include "cli/job_ending.hpp"

#include <gtest/gtest.h>

#include "cli/exit_code.hpp"
#include "json/json.hpp"
#include "model/publisher_params.hpp"

namespace skrei::cli {
namespace {

const std::string kCid = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";

using model::ComputeStateType;
using model::JobStateType;

JobRecord record_of(JobStateType state, std::string message = "") {
  JobRecord record;
  record.job.id = JobId("j-1");
  record.job.state = {.state_type = state, .message = std::move(message), .details = {}};
  return record;
}

model::Execution exited(int partition, int code) {
  model::Execution execution;
  execution.partition_index = partition;
  execution.compute_state.state_type = ComputeStateType::Completed;
  execution.run_output = model::RunOutput{.exit_code = code};
  return execution;
}

model::Execution failed(int partition, std::string code, std::string message) {
  model::Execution execution;
  execution.partition_index = partition;
  execution.compute_state = {.state_type = ComputeStateType::Failed,
                             .message = std::move(message),
                             .details = {{"ErrorCode", std::move(code)}, {"Hint", "do this"}}};
  return execution;
}

TEST(JobEnding, HandsThroughTheCodeOfTheLowestPartitionThatFailed) {
  JobRecord record = record_of(JobStateType::Completed);
  record.executions = {exited(2, 7), exited(0, 0), exited(1, 5)};

  const JobEnding ending = ending_of(record);

  EXPECT_EQ(ending.exit_code, 5);
  EXPECT_EQ(ending.origin, ExitOrigin::Job);
}

TEST(JobEnding, ALaterSuccessCoversTheFailureThatWasRetried) {
  JobRecord record = record_of(JobStateType::Completed);
  record.executions = {failed(0, "NodeFault", "it broke"), exited(0, 0)};
  record.executions[1].published_result = model::to_spec(model::IpfsResult{.cid = kCid});

  const JobEnding ending = ending_of(record);

  EXPECT_EQ(ending.exit_code, 0);
  EXPECT_EQ(ending.results, (std::vector<PublishedResult>{{0, kCid}}));
}

TEST(JobEnding, CodesOfFailures) {
  const std::vector<std::pair<std::string, int>> cases = {{"TimeOut", kExitTimedOut},
                                                          {"time", kExitTimedOut},
                                                          {"cpu time", kExitTimedOut},
                                                          {"memory", kExitSkreiFailed},
                                                          {"Trapped", kExitSkreiFailed},
                                                          {"NodeFault", kExitSkreiFailed},
                                                          {"InvalidArgument", kExitNotRunnable},
                                                          {"FailedPrecondition", kExitNotRunnable},
                                                          {"NotFound", kExitNotFound}};
  for (const auto& [code, exit_code] : cases) {
    JobRecord record = record_of(JobStateType::Failed, "it failed");
    record.executions = {failed(0, code, "the sentence")};
    const JobEnding ending = ending_of(record);
    EXPECT_EQ(ending.exit_code, exit_code) << code;
    EXPECT_EQ(ending.origin, ExitOrigin::Skrei);
    EXPECT_EQ(ending.message, "the sentence");
    EXPECT_EQ(ending.hint, "do this");
  }
}

TEST(JobEnding, AJobThatNoNodeTakesIsThree) {
  const JobEnding ending = ending_of(record_of(JobStateType::Failed, "not enough nodes"));

  EXPECT_EQ(ending.exit_code, kExitCannotBePlaced);
  EXPECT_EQ(ending.message, "not enough nodes");
}

TEST(JobEnding, AsJson) {
  JobRecord record = record_of(JobStateType::Completed);
  record.executions = {exited(0, 3)};
  record.executions[0].run_output->stdout_text = "hi";

  const json::Value value = ending_to_json(record, ending_of(record));

  EXPECT_EQ(value["exit_code"], 3);
  EXPECT_EQ(value["exit_origin"], "job");
  EXPECT_EQ(value["job_id"], "j-1");
  EXPECT_EQ(value["stdout"], "hi");
}

}  // namespace
}  // namespace skrei::cli
