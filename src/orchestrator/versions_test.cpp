// SPDX-License-Identifier: Apache-2.0
// Updates and reruns: what becomes of the version that is replaced, and of the one that comes.
#include <set>

#include "orchestrator/testing/requester_decider.hpp"

namespace skrei::orchestrator {
namespace {

using namespace testing;

class JobVersions : public RequesterDecider {
 protected:
  static model::Job named(std::string word, int count = 1) {
    model::Job job = batch_job(count);
    job.name = "daily";
    job.labels = {{"word", std::move(word)}};
    return job;
  }
  const model::Job& version(const JobId& id, std::uint64_t number) const {
    const model::Job& current = jobs.at(id);
    return current.version == number ? current : versions.at(id).at(number);
  }
  /// Runs the job's one partition to its result.
  protocol::Award complete(const NodeId& node) {
    const protocol::Award award = bid(node);
    outcome(node, award);
    return award;
  }
  void expect_consistent() const {
    for (const auto& [id, execution] : executions) {
      const bool holds = protocol::holds_lease(protocol::phase_of(execution.compute_state));
      const model::Job& job = jobs.at(execution.job_id);
      if (execution.job_version != job.version || model::is_terminal(job.state.state_type)) {
        EXPECT_FALSE(holds) << id.str() << " outlives its version";
      }
    }
    for (const auto& [id, old] : versions) {
      for (const auto& [number, job] : old)
        EXPECT_TRUE(model::is_terminal(job.state.state_type)) << number;
    }
  }
};

TEST_F(JobVersions, AnUpdateOfAnEndedJobIsItsNextVersion) {
  join(kA);
  const JobId id = submit(named("one"));
  complete(kA);
  ASSERT_EQ(state(id), JobStateType::Completed);
  const model::Job before = jobs.at(id);
  now.wall += 1h;

  const auto updated = update(id, named("two"));

  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->answer.job_id, id);
  EXPECT_EQ(updated->answer.job_version, 2U);
  EXPECT_EQ(state(id), JobStateType::Pending);
  EXPECT_EQ(jobs.at(id).labels.at("word"), "two");
  EXPECT_EQ(jobs.at(id).name, "daily");
  EXPECT_GT(jobs.at(id).revision, before.revision);
  EXPECT_EQ(version(id, 1), before) << "the old one stays as it ended";
  EXPECT_TRUE(told("Job updated"));
  const protocol::Award award = complete(kA);
  EXPECT_EQ(executions.at(award.execution).job_version, 2U);
  EXPECT_EQ(executions.at(award.execution).attempt, 1);
  EXPECT_EQ(state(id), JobStateType::Completed);
  expect_consistent();
}

TEST_F(JobVersions, AnUpdateOfALiveJobStopsWhatItRuns) {
  join(kA);
  const JobId id = submit(named("one", 2));
  const protocol::Award first = bid(kA);
  ASSERT_EQ(state(id), JobStateType::Running);

  ASSERT_TRUE(update(id, named("two", 1)));

  const auto* cancel = sent<protocol::Cancel>(kA);
  ASSERT_NE(cancel, nullptr);
  EXPECT_EQ(cancel->execution, first.execution);
  EXPECT_EQ(cancel->epoch, first.epoch);
  EXPECT_EQ(executions.at(first.execution).compute_state.state_type,
            model::ComputeStateType::Cancelled);
  EXPECT_TRUE(told("Execution stopped for job update"));
  EXPECT_EQ(version(id, 1).state.state_type, JobStateType::Stopped);
  EXPECT_EQ(version(id, 1).state.message, "replaced by version 2");
  EXPECT_EQ(decider->live_jobs(), 1U);
  expect_consistent();

  const auto* offer = sent<protocol::Offer>(kA);
  ASSERT_NE(offer, nullptr) << "the new version is offered at once";
  EXPECT_EQ(offer->job->version, 2U);
  complete(kA);
  EXPECT_EQ(state(id), JobStateType::Completed);
}

TEST_F(JobVersions, AResultOfAnOldVersionIsAComparisonAndDecidesNothing) {
  join(kA);
  const JobId id = submit(named("one"));
  const protocol::Award old = bid(kA);
  ASSERT_TRUE(update(id, named("two")));
  const auto offer = *sent<protocol::Offer>(kA);
  protocol::ExecutionResult result;
  result.published = {.type = "ipfs", .params = "{\"CID\":\"x\"}"};

  outcome(kA, old, result);

  EXPECT_NE(sent<protocol::OutcomeAck>(kA), nullptr) << "the node may forget it";
  EXPECT_TRUE(told("Late result cannot be compared with the recorded one"));
  EXPECT_EQ(executions.at(old.execution).published_result.type, "");
  EXPECT_EQ(state(id), JobStateType::Pending);
  outcome(kA, old, result);
  EXPECT_EQ(std::ranges::count(history, "Late result cannot be compared with the recorded one"), 1)
      << "a repeat of it is no news";
  hear(kA, protocol::Bid{.offer = offer.id, .time_to_live = 5s, .missing_bytes = 0});
  EXPECT_EQ(state(id), JobStateType::Running);
  expect_consistent();
}

TEST_F(JobVersions, ABidForAnOldVersionIsOfNoUse) {
  join(kA);
  const JobId id = submit(named("one"));
  const OfferId old = sent<protocol::Offer>(kA)->id;
  ASSERT_TRUE(update(id, named("two")));

  hear(kA, protocol::Bid{.offer = old, .time_to_live = 5s, .missing_bytes = 0});

  EXPECT_EQ(sent<protocol::Award>(kA), nullptr);
  EXPECT_EQ(state(id), JobStateType::Pending);
  EXPECT_EQ(decider->open_offers(), 1U);
}

TEST_F(JobVersions, WhatANodeStillHoldsOfAnOldVersionIsCancelledAgain) {
  join(kA);
  const JobId id = submit(named("one"));
  const protocol::Award old = bid(kA);
  ASSERT_TRUE(update(id, named("two")));

  hear(kA, protocol::Heartbeat{.run_id = "r",
                               .sequence = 1,
                               .held = {{.execution = old.execution,
                                         .epoch = old.epoch,
                                         .revision = 3,
                                         .state = model::ComputeStateType::Running}}});

  ASSERT_NE(sent<protocol::Cancel>(kA), nullptr);
  EXPECT_EQ(sent<protocol::Cancel>(kA)->execution, old.execution);
}

TEST_F(JobVersions, AnUpdateThatChangesNothingNeedsForce) {
  join(kA);
  const JobId id = submit(named("one"));

  const auto refused = update(id, named("one"));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::FailedPrecondition);
  EXPECT_NE(refused.error().message.find("\"daily\""), std::string::npos);
  EXPECT_NE(refused.error().hint.find("--force"), std::string::npos);
  EXPECT_EQ(jobs.at(id).version, 1U);
  ASSERT_TRUE(update(id, named("one"), /*force=*/true));
  EXPECT_EQ(jobs.at(id).version, 2U);
}

TEST_F(JobVersions, ARefusedUpdateLeavesTheJobAlone) {
  join(kA);
  const JobId id = submit(named("one"));
  const protocol::Award award = bid(kA);
  model::Job wrong = named("two");
  wrong.type = model::JobType::Service;

  EXPECT_EQ(update(id, wrong).error().code, Code::InvalidArgument);

  outcome(kA, award);
  EXPECT_EQ(state(id), JobStateType::Completed);
  EXPECT_EQ(jobs.at(id).version, 1U);
}

TEST_F(JobVersions, ARerunCopiesTheChosenVersion) {
  join(kA);
  const JobId id = submit(named("one"));
  complete(kA);
  ASSERT_TRUE(update(id, named("two")));
  complete(kA);

  const auto taken = rerun(id, version(id, 1));

  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->answer.job_version, 3U);
  EXPECT_EQ(jobs.at(id).labels.at("word"), "one");
  EXPECT_TRUE(told("Job rerun requested"));
  complete(kA);
  EXPECT_EQ(state(id), JobStateType::Completed);
  EXPECT_EQ(versions.at(id).size(), 2U);
  expect_consistent();
}

TEST_F(JobVersions, ARerunWaitsUntilTheJobHasRun) {
  const JobId id = submit(named("one"));
  EXPECT_EQ(rerun(id, jobs.at(id)).error().code, Code::FailedPrecondition) << "Pending";

  join(kA);
  const protocol::Award award = bid(kA);
  ASSERT_TRUE(rerun(id, jobs.at(id))) << "Running";
  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::Cancelled);
  expect_consistent();
}

TEST_F(JobVersions, TimeoutsCountFromTheVersionsOwnBeginning) {
  join(kA);
  model::Job job = named("one");
  job.tasks[0].timeouts.total = 60s;
  const JobId id = submit(job);
  complete(kA);
  pass(1h);

  ASSERT_TRUE(rerun(id, jobs.at(id)));

  EXPECT_EQ(bid(kA).total_left, 60s);
  EXPECT_EQ(state(id), JobStateType::Running);
}

TEST_F(JobVersions, AnOpsJobIsPlannedAnewForEachVersion) {
  join(kA);
  model::Job job = named("one", 0);
  job.type = model::JobType::Ops;
  const JobId id = submit(job);
  bid(kA);
  join(kB);
  job.labels["word"] = "two";

  ASSERT_TRUE(update(id, job));

  std::set<NodeId> planned;
  for (const auto& [execution_id, execution] : executions) {
    if (execution.job_version == 2) planned.insert(execution.node_id);
  }
  EXPECT_EQ(planned, (std::set<NodeId>{kA, kB}));
  expect_consistent();
}

TEST_F(JobVersions, RecoveryGoesOnWithTheCurrentVersionAlone) {
  join(kA);
  const JobId id = submit(named("one"));
  const protocol::Award old = bid(kA);
  ASSERT_TRUE(update(id, named("two")));
  const protocol::Award award = bid(kA);
  std::vector<model::Execution> rows;
  for (const auto& [execution_id, row] : executions)
    rows.push_back(row);

  restart({});
  take(decider->recover({jobs.at(id)}, rows, now));
  join(kA);
  outcome(kA, old);
  EXPECT_EQ(state(id), JobStateType::Running) << "a result of the old version decides nothing";
  outcome(kA, award);

  EXPECT_EQ(state(id), JobStateType::Completed);
  EXPECT_EQ(jobs.at(id).version, 2U);
}

}  // namespace
}  // namespace skrei::orchestrator
