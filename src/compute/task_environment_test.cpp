// SPDX-License-Identifier: Apache-2.0
#include "compute/task_environment.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace skrei::compute {
namespace {

const NodeId kNode("n-1");

protocol::HostedExecution hosted_with(model::StringMap env) {
  model::Job job;
  job.id = JobId("j-1");
  job.type = model::JobType::Batch;
  job.count = 3;
  job.tasks.emplace_back().env = std::move(env);
  protocol::HostedExecution hosted;
  hosted.id = ExecutionId("e-1");
  hosted.job = std::make_shared<model::Job>(std::move(job));
  hosted.partition_index = 2;
  hosted.attempt = 4;
  return hosted;
}

class TaskEnvironment : public ::testing::Test {
 protected:
  TaskEnvironment() { ::setenv("SKREI_TEST_HOST_VALUE", "from the host", 1); }
  ~TaskEnvironment() override { ::unsetenv("SKREI_TEST_HOST_VALUE"); }
};

TEST_F(TaskEnvironment, SaysWhoTheProgramIsAndWhatTheTaskDeclares) {
  auto env = task_environment(hosted_with({{"A", "1"}}), kNode, {}).value();

  EXPECT_TRUE(env.at("TRACEPARENT").starts_with("00-")) << env.at("TRACEPARENT");
  EXPECT_EQ(env.at("TRACEPARENT").size(), 55U);
  env.erase("TRACEPARENT");
  EXPECT_EQ(env, (model::StringMap{{"A", "1"},
                                   {"BACALHAU_EXECUTION_ID", "e-1"},
                                   {"BACALHAU_JOB_ID", "j-1"},
                                   {"BACALHAU_JOB_TYPE", "batch"},
                                   {"BACALHAU_PARTITION_COUNT", "3"},
                                   {"BACALHAU_PARTITION_INDEX", "2"},
                                   {"SKREI_ATTEMPT", "4"},
                                   {"SKREI_EXECUTION_ID", "e-1"},
                                   {"SKREI_JOB_ID", "j-1"},
                                   {"SKREI_NODE_ID", "n-1"},
                                   {"SKREI_PARTITION_COUNT", "3"},
                                   {"SKREI_PARTITION_INDEX", "2"}}));
}

TEST_F(TaskEnvironment, HostVariablesComeByAllowListOnly) {
  const auto hosted = hosted_with({{"B", "env:SKREI_TEST_HOST_VALUE"}});

  EXPECT_EQ(task_environment(hosted, kNode, {"SKREI_TEST_*"})->at("B"), "from the host");
  for (const std::vector<std::string>& allow : {std::vector<std::string>{}, {"SKREI_TEST"}}) {
    const auto refused = task_environment(hosted, kNode, allow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::PermissionDenied);
    EXPECT_EQ(refused.error().message,
              "environment: this node does not hand out its variable SKREI_TEST_HOST_VALUE");
    EXPECT_EQ(check_environment(hosted.job->task(), allow).error(), refused.error());
  }
}

TEST_F(TaskEnvironment, AHostVariableThatIsNotSetIsNamed) {
  const auto hosted = hosted_with({{"B", "env:SKREI_TEST_NOT_SET"}});

  EXPECT_TRUE(check_environment(hosted.job->task(), {"*"})) << "allowed, whether set or not";
  const auto missing = task_environment(hosted, kNode, {"*"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::NotFound);
  EXPECT_EQ(missing.error().message,
            "environment: variable SKREI_TEST_NOT_SET is not set on node n-1");
}

TEST_F(TaskEnvironment, TellsWhetherATaskAsksForHostVariables) {
  EXPECT_TRUE(asks_for_host_variables(hosted_with({{"B", "env:X"}}).job->task()));
  EXPECT_FALSE(asks_for_host_variables(hosted_with({{"B", "X"}, {"C", ""}}).job->task()));
}

}  // namespace
}  // namespace skrei::compute
