// SPDX-License-Identifier: Apache-2.0
#include "model/job_diff.hpp"

#include <gtest/gtest.h>

namespace skrei::model {
namespace {

Job job_of() {
  Job job;
  job.name = "daily";
  job.type = JobType::Batch;
  Task& task = job.tasks.emplace_back();
  task.name = "main";
  task.engine = {.type = "wasm", .params = R"({"EntryModule":"m","Parameters":["a","b"]})"};
  task.env = {{"A", "x"}};
  return job;
}

TEST(JobDiff, WhatTheServerOwnsIsNoChange) {
  const Job before = job_of();
  Job after = before;
  after.id = JobId("j-1");
  after.meta = {{"bacalhau.org/orchestrator.id", "n-1"}};
  after.state = {JobStateType::Failed, "no node", {{"Reason", "x"}}};
  after.version = 7;
  after.revision = 9;
  after.create_time = after.modify_time = WallTime(std::chrono::seconds(1));

  EXPECT_TRUE(same_spec(before, after));
  EXPECT_EQ(describe_changes(before, after), "");
}

TEST(JobDiff, EachChangeIsALineWithItsPath) {
  const Job before = job_of();
  Job after = before;
  after.count = 2;
  after.labels = {{"team", "red"}};
  after.meta = {{"a b", "1"}};
  after.tasks[0].env = {{"A", "y"}, {"B", "z"}};
  after.tasks[0].engine.params = R"({"EntryModule":"m","Parameters":["a"]})";

  EXPECT_FALSE(same_spec(before, after));
  EXPECT_EQ(describe_changes(before, after),
            "Count: 1 -> 2\n"
            "Labels.team: (none) -> \"red\"\n"
            "Meta[\"a b\"]: (none) -> \"1\"\n"
            "Tasks[0].Engine.Params.Parameters[1]: \"b\" -> (none)\n"
            "Tasks[0].Env.A: \"x\" -> \"y\"\n"
            "Tasks[0].Env.B: (none) -> \"z\"");
}

TEST(JobDiff, ALongValueIsCutAroundTheFirstDifference) {
  Job before = job_of();
  before.tasks[0].env["A"] = std::string(100'000, 'x');
  Job after = before;
  after.tasks[0].env["A"][50'000] = 'y';

  const std::string text = describe_changes(before, after);

  EXPECT_LT(text.size(), 600u);
  EXPECT_NE(text.find("xyx"), std::string::npos) << text;
  EXPECT_NE(text.find("(100002 bytes)"), std::string::npos) << text;
}

TEST(JobDiff, EveryPartOfTheSpecificationCounts) {
  const auto differs = [](auto change) {
    Job after = job_of();
    change(after);
    return !same_spec(job_of(), after) && !describe_changes(job_of(), after).empty();
  };
  EXPECT_TRUE(differs([](Job& job) { job.type = JobType::Ops; }));
  EXPECT_TRUE(differs([](Job& job) { job.priority = 1; }));
  EXPECT_TRUE(differs([](Job& job) { job.constraints.push_back({.key = "zone"}); }));
  EXPECT_TRUE(differs([](Job& job) { job.late_result = LateResult::Refuse; }));
  EXPECT_TRUE(differs([](Job& job) { job.tasks[0].publisher.type = "ipfs"; }));
  EXPECT_TRUE(differs([](Job& job) { job.tasks[0].input_sources.push_back({.target = "/in"}); }));
  EXPECT_TRUE(differs([](Job& job) { job.tasks[0].result_paths.push_back({.name = "out"}); }));
  EXPECT_TRUE(differs([](Job& job) { job.tasks[0].resources.cpu = "1"; }));
  EXPECT_TRUE(differs([](Job& job) { job.tasks[0].network.type = NetworkType::Http; }));
  EXPECT_TRUE(differs([](Job& job) { job.tasks[0].timeouts.total = std::chrono::seconds(1); }));
}

}  // namespace
}  // namespace skrei::model
