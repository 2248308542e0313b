// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/testing/requester_decider.hpp"

namespace skrei::orchestrator {
namespace {

using namespace testing;

TEST_F(RequesterDecider, TakesAJobFromSubmissionToItsResult) {
  join(kA);
  const JobId id = submit();
  EXPECT_EQ(state(id), JobStateType::Pending);
  const protocol::Award award = bid(kA);
  EXPECT_EQ(state(id), JobStateType::Running);
  report(kA, award, model::ComputeStateType::Running, 2);
  protocol::ExecutionResult result;
  result.published.type = "ipfs";

  outcome(kA, award, result);

  EXPECT_EQ(state(id), JobStateType::Completed);
  EXPECT_EQ(executions.at(award.execution).published_result.type, "ipfs");
  EXPECT_NE(sent<protocol::OutcomeAck>(kA), nullptr);
  EXPECT_EQ(decider->live_jobs(), 0U);
  EXPECT_EQ(history,
            (std::vector<std::string>{"Job submitted", "Requested execution on n-a", "Running",
                                      "Running", "Completed successfully", "Completed"}));
}

TEST_F(RequesterDecider, RefusesOtherTypesAndMoreThanItsLimit) {
  restart({.live_jobs_max = 1});
  model::Job service = batch_job();
  service.type = model::JobType::Service;
  EXPECT_EQ(decider->submit({.job = service}, now).error().code, Code::InvalidArgument);
  submit();
  EXPECT_EQ(decider->submit({.job = batch_job()}, now).error().code, Code::ResourceExhausted);
}

TEST_F(RequesterDecider, CompletesAJobOfNoPartitionsAtOnce) {
  EXPECT_EQ(state(submit(batch_job(0))), JobStateType::Completed);
}

TEST_F(RequesterDecider, FailsAtOnceWhatNoNodeCanEverRun) {
  join(kA);
  model::Job job = batch_job();
  job.constraints.push_back({"zone", model::LabelOperator::Equals, {"mars"}});

  const JobId id = submit(job);

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_TRUE(jobs.at(id).state.message.starts_with(
      "not enough nodes to run job. requested: 1, available: 1, suitable: 0.\n• Node n-a: "))
      << jobs.at(id).state.message;
}

TEST_F(RequesterDecider, AsksTheNextNodeAfterARefusalAndTellsWhyItWaits) {
  join(kA);
  join(kB);
  const JobId id = submit();
  refuse(kA, protocol::RefusalKind::NotNow, "busy");
  refuse(kB, protocol::RefusalKind::NotNow, "busy");

  EXPECT_EQ(sent<protocol::Offer>(kA), nullptr);
  EXPECT_EQ(state(id), JobStateType::Pending) << "it stands in line";
  pass(250ms);
  EXPECT_NE(sent<protocol::Offer>(kA), nullptr) << "asked again after a pause";
}

TEST_F(RequesterDecider, AFullNodeGetsOneOfferForEachEnd) {
  join(kA);
  std::vector<protocol::Award> awards;
  for (int i = 0; i < 2; ++i) {
    submit();
    awards.push_back(bid(kA));
  }
  submit();
  refuse(kA, protocol::RefusalKind::NotNow, "busy");
  submit();
  submit();

  outcome(kA, awards[0]);
  EXPECT_EQ(std::ranges::count_if(last.sends,
                                  [](const protocol::Send& send) {
                                    return std::holds_alternative<protocol::Offer>(send.message);
                                  }),
            1);
}

TEST_F(RequesterDecider, QueuedJobNamesEachNodesReasonAndFailsAfterItsQueueTimeout) {
  join(kA);
  model::Job job = batch_job();
  job.tasks[0].timeouts.queue = 10s;
  const JobId id = submit(job);

  refuse(kA, protocol::RefusalKind::Never, "locality");

  EXPECT_EQ(state(id), JobStateType::Queued);
  EXPECT_EQ(jobs.at(id).state.details.at("Waits.n-a"), "locality: no");
  EXPECT_TRUE(told("Job queued. not enough nodes to run job."));
  pass(10s);
  EXPECT_EQ(state(id), JobStateType::Failed);
}

TEST_F(RequesterDecider, SilenceAsksTheNextAndALateBidStillCounts) {
  join(kA);
  join(kB);
  const JobId id = submit();
  const OfferId first = sent<protocol::Offer>(kA)->id;

  pass(1s);
  ASSERT_NE(sent<protocol::Offer>(kB), nullptr);
  const OfferId second = sent<protocol::Offer>(kB)->id;
  hear(kA, protocol::Bid{.offer = first, .time_to_live = 5s});

  EXPECT_NE(sent<protocol::Award>(kA), nullptr);
  EXPECT_EQ(state(id), JobStateType::Running);
  hear(kB, protocol::Bid{.offer = second, .time_to_live = 5s});
  EXPECT_EQ(sent<protocol::Award>(kB), nullptr) << "one award holds the partition";
}

TEST_F(RequesterDecider, RepeatsAnUnconfirmedAward) {
  join(kA);
  submit();
  const protocol::Award award = bid(kA);

  pass(2s);
  ASSERT_NE(sent<protocol::Award>(kA), nullptr);
  EXPECT_EQ(sent<protocol::Award>(kA)->execution, award.execution);
  EXPECT_EQ(sent<protocol::Award>(kA)->node_run_id, "run-1");
  report(kA, award, model::ComputeStateType::BidAccepted, 1);
  pass(2s);

  EXPECT_EQ(sent<protocol::Award>(kA), nullptr);
}

TEST_F(RequesterDecider, AnUnconfirmedAwardIsSaidToTheRunOfTheNodeThatAnswersTheHello) {
  join(kA);
  submit();
  const protocol::Award award = bid(kA);
  EXPECT_EQ(award.node_run_id, "run-1");
  take(decider->on_peer_down(kA, now));

  take(decider->on_peer_up(kA, now));
  ASSERT_NE(sent<protocol::Hello>(kA), nullptr);
  EXPECT_EQ(sent<protocol::Hello>(kA)->awarded.size(), 1U);
  EXPECT_EQ(sent<protocol::Award>(kA), nullptr) << "which run is there now?";
  pass(2s);
  EXPECT_NE(sent<protocol::Hello>(kA), nullptr) << "the first may be lost";
  EXPECT_EQ(sent<protocol::Award>(kA), nullptr);

  hear(kA, protocol::Heartbeat{"boot", "run-2", 1, {}});
  ASSERT_NE(sent<protocol::Award>(kA), nullptr);
  EXPECT_EQ(sent<protocol::Award>(kA)->execution, award.execution);
  EXPECT_EQ(sent<protocol::Award>(kA)->node_run_id, "run-2");
  hear(kA, protocol::Heartbeat{"boot", "run-2", 2, {}});
  EXPECT_EQ(sent<protocol::Award>(kA), nullptr) << "it is under way";
  pass(2s);
  ASSERT_NE(sent<protocol::Award>(kA), nullptr);
  EXPECT_EQ(sent<protocol::Award>(kA)->node_run_id, "run-2");
}

TEST_F(RequesterDecider, AnAwardThatTheAnswerToTheHelloListsIsNotSaidAgain) {
  join(kA);
  submit();
  const protocol::Award award = bid(kA);
  take(decider->on_peer_down(kA, now));
  take(decider->on_peer_up(kA, now));

  hear(kA, protocol::Heartbeat{
               "boot",
               "run-1",
               1,
               {{award.execution, award.epoch, 1, model::ComputeStateType::BidAccepted}}});

  EXPECT_EQ(sent<protocol::Award>(kA), nullptr);
  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::BidAccepted);
}

TEST_F(RequesterDecider, ARecoveredUnconfirmedAwardIsSaidOnceTheNodeSaysWhichRunItIs) {
  join(kA);
  const JobId id = submit();
  const protocol::Award award = bid(kA);

  restart({});
  take(decider->recover({jobs.at(id)}, {executions.at(award.execution)}, now));
  join(kA);
  EXPECT_EQ(sent<protocol::Award>(kA), nullptr);
  hear(kA, protocol::Heartbeat{"boot", "run-2", 1, {}});

  ASSERT_NE(sent<protocol::Award>(kA), nullptr);
  EXPECT_EQ(sent<protocol::Award>(kA)->execution, award.execution);
  EXPECT_EQ(sent<protocol::Award>(kA)->node_run_id, "run-2");
}

TEST_F(RequesterDecider, LostLeaseIsRetriedAndItsLateResultComparedWithTheRecordedOne) {
  join(kA);
  const JobId id = submit(batch_job(2));
  const protocol::Award lost = bid(kA);
  report(kA, lost, model::ComputeStateType::Running, 2);
  pass(34s);
  EXPECT_EQ(protocol::phase_of(executions.at(lost.execution).compute_state),
            protocol::ExecutionPhase::Lost);
  take(decider->on_peer_down(kA, now));
  join(kB);
  bid(kB);  // The other partition.
  pass(5s);
  const protocol::Award second = bid(kB);
  EXPECT_EQ(second.partition_index, lost.partition_index);
  EXPECT_GT(second.epoch, lost.epoch);
  EXPECT_EQ(second.attempt, 2);
  protocol::ExecutionResult result;
  result.published = {.type = "ipfs", .params = "{\"CID\":\"x\"}"};
  outcome(kB, second, result);

  outcome(kA, lost, result);

  EXPECT_TRUE(told("Late result agrees with the recorded one"));
  EXPECT_NE(sent<protocol::OutcomeAck>(kA), nullptr);
  EXPECT_EQ(executions.at(lost.execution).published_result.type, "");
  EXPECT_EQ(state(id), JobStateType::Running);
}

TEST_F(RequesterDecider, LateResultDecidesAnUndecidedPartition) {
  join(kA);
  const JobId id = submit();
  const protocol::Award lost = bid(kA);
  pass(34s);

  outcome(kA, lost);

  EXPECT_EQ(state(id), JobStateType::Completed);
}

TEST_F(RequesterDecider, LateResultIsRefusedWhereTheJobSaysSo) {
  join(kA);
  model::Job job = batch_job();
  job.late_result = model::LateResult::Refuse;
  const JobId id = submit(job);
  const protocol::Award lost = bid(kA);
  pass(34s);

  outcome(kA, lost);

  EXPECT_EQ(state(id), JobStateType::Running);
  EXPECT_NE(sent<protocol::OutcomeAck>(kA), nullptr);
}

TEST_F(RequesterDecider, TakesALostExecutionBackWhenItsNodeReturns) {
  join(kA);
  submit();
  const protocol::Award lost = bid(kA);
  pass(34s);

  hear(kA,
       protocol::Heartbeat{
           "boot", "r", 1, {{lost.execution, lost.epoch, 3, model::ComputeStateType::Running}}});

  EXPECT_EQ(executions.at(lost.execution).compute_state.state_type,
            model::ComputeStateType::Running);
  pass(20s);
  EXPECT_EQ(sent<protocol::Offer>(kA), nullptr) << "not started a second time";
}

TEST_F(RequesterDecider, HeartbeatRenewsAndCancelsWhatIsUnknown) {
  join(kA);
  submit();
  const protocol::Award award = bid(kA);
  for (std::uint64_t beat = 1; beat <= 20; ++beat) {
    pass(5s);
    hear(kA,
         protocol::Heartbeat{"boot",
                             "r",
                             beat,
                             {{award.execution, award.epoch, 2, model::ComputeStateType::Running},
                              {ExecutionId("e-unknown"), 1, 2, model::ComputeStateType::Running},
                              {ExecutionId("e-ended"), 1, 2, model::ComputeStateType::Completed}}});
  }

  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::Running);
  EXPECT_EQ(sent<protocol::Cancel>(kA)->execution, ExecutionId("e-unknown"));
  EXPECT_EQ(sent<protocol::OutcomeAck>(kA)->execution, ExecutionId("e-ended"));
  EXPECT_EQ(sent<protocol::HeartbeatAnswer>(kA)->sequence, 20U);
}

TEST_F(RequesterDecider, ForgottenExecutionIsLostAfterTwoHeartbeats) {
  join(kA);
  submit();
  const protocol::Award award = bid(kA);
  report(kA, award, model::ComputeStateType::Running, 2);

  hear(kA, protocol::Heartbeat{"boot", "r2", 1, {}});
  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::Running);
  hear(kA, protocol::Heartbeat{"boot", "r2", 2, {}});

  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::Failed);
}

TEST_F(RequesterDecider, FaultsOfTheNodeAreRetriedSoOftenAndNoMore) {
  join(kA);
  const JobId id = submit();
  for (int start = 1; start <= 4; ++start) {
    const protocol::Award award = bid(kA);
    EXPECT_EQ(award.attempt, start);
    outcome(kA, award, failed(protocol::Fault::Node));
    if (start < 4) EXPECT_EQ(state(id), JobStateType::Running);
    pass(120s);
  }

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_TRUE(told("Job failed because it has been retried too many times. it broke"));
}

TEST_F(RequesterDecider, FaultOfTheJobEndsItWithItsOtherPartitions) {
  join(kA);
  const JobId id = submit(batch_job(2));
  const protocol::Effects offers = last;
  const protocol::Award first = bid(kA);

  outcome(kA, first, failed(protocol::Fault::Job));

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(jobs.at(id).state.message, "partition 0: it broke");
  EXPECT_TRUE(told("Job failed because one or more executions failed. it broke"));
}

TEST_F(RequesterDecider, StopEndsTheJobAndTellsItsNodes) {
  join(kA);
  const JobId id = submit();
  const protocol::Award award = bid(kA);

  auto stopped = decider->stop(id, "no longer wanted", now);
  ASSERT_TRUE(stopped.has_value());
  take(*std::move(stopped));

  EXPECT_EQ(state(id), JobStateType::Stopped);
  ASSERT_NE(sent<protocol::Cancel>(kA), nullptr);
  EXPECT_EQ(executions.at(award.execution).desired_state.state_type,
            model::DesiredStateType::Stopped);
  outcome(kA, award);
  EXPECT_EQ(state(id), JobStateType::Stopped) << "a result after the stop is not recorded";
  EXPECT_NE(sent<protocol::OutcomeAck>(kA), nullptr);
  EXPECT_EQ(decider->stop(id, "", now).error().code, Code::NotFound);
}

TEST_F(RequesterDecider, TotalTimeoutEndsTheJob) {
  join(kA);
  model::Job job = batch_job();
  job.tasks[0].timeouts.total = 60s;
  const JobId id = submit(job);
  EXPECT_EQ(bid(kA).total_left, 60s);

  pass(60s);

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_TRUE(told("Job timed out. Job took longer than 1m0s"));
}

TEST_F(RequesterDecider, RefusedAwardIsOfferedAgainAndCountsAsNoStart) {
  join(kA);
  submit();
  const protocol::Award award = bid(kA);

  hear(kA, protocol::AwardRefused{
               award.execution, award.epoch, {{"busy", "full", protocol::RefusalKind::NotNow}}});
  pass(250ms);
  const protocol::Award next = bid(kA);

  EXPECT_EQ(next.attempt, 1);
  EXPECT_GT(next.epoch, award.epoch);
  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::AskForBidRejected);
  EXPECT_EQ(executions.at(award.execution).next_execution, next.execution);
}

TEST_F(RequesterDecider, HigherPriorityIsOfferedFirst) {
  submit();
  model::Job urgent = batch_job();
  urgent.priority = 10;
  const JobId urgent_id = submit(urgent);
  restart({.offers_open_max = 1});
  std::vector<model::Job> stored;
  for (const auto& [id, job] : jobs)
    stored.push_back(job);
  take(decider->recover(stored, {}, now));

  join(kA);

  EXPECT_EQ(sent<protocol::Offer>(kA)->job->id, urgent_id);
}

TEST_F(RequesterDecider, RecoversAwardsWithAFullTermAndWaitingPartitions) {
  join(kA);
  const JobId id = submit(batch_job(2));
  const protocol::Award award = bid(kA);
  report(kA, award, model::ComputeStateType::BidAccepted, 1);
  std::vector<model::Job> stored{jobs.at(id)};
  std::vector<model::Execution> rows;
  for (const auto& [execution_id, row] : executions)
    rows.push_back(row);
  pass(10s);

  restart({});
  take(decider->recover(stored, rows, now));
  pass(32s);
  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::BidAccepted);
  join(kA);
  ASSERT_NE(sent<protocol::Offer>(kA), nullptr) << "the other partition waits";

  EXPECT_NE(sent<protocol::Offer>(kA)->partition_index, award.partition_index);
  outcome(kA, award);
  EXPECT_EQ(executions.at(award.execution).compute_state.state_type,
            model::ComputeStateType::Completed);
}

TEST_F(RequesterDecider, ManyQueuedJobsCostLittleEach) {
  join(kA);
  constexpr int kJobs = 20'000;
  for (int number = 0; number < kJobs; ++number)
    submit();
  EXPECT_EQ(decider->live_jobs(), static_cast<std::size_t>(kJobs));
  EXPECT_EQ(decider->open_offers(), Options{}.offers_per_node_max);
}

}  // namespace
}  // namespace skrei::orchestrator
