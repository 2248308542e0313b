// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/testing/requester_decider.hpp"

namespace skrei::orchestrator {
namespace {

using namespace testing;
using model::ComputeStateType;

const NodeId kC("n-c");

model::Job ops_job() {
  model::Job job = batch_job(0);
  job.type = model::JobType::Ops;
  return job;
}

class OpsJobs : public RequesterDecider {
 protected:
  /// Keeps the offers that were just sent, by node.
  void keep_offers() {
    for (const protocol::Send& send : last.sends) {
      const auto* offer = std::get_if<protocol::Offer>(&send.message);
      if (offer) offers.insert_or_assign(send.to, *offer);
    }
  }
  JobId submit_ops(model::Job job = ops_job()) {
    const JobId id = submit(std::move(job));
    keep_offers();
    return id;
  }
  /// Takes the offer that the node was sent last.
  protocol::Award accept(const NodeId& node) {
    const OfferId offer = offers.at(node).id;
    hear(node, protocol::Bid{.offer = offer, .time_to_live = 5s, .missing_bytes = 0});
    const auto* award = sent<protocol::Award>(node);
    EXPECT_NE(award, nullptr);
    const protocol::Award taken = *award;
    keep_offers();
    return taken;
  }
  void wait_for_retry() {
    pass(120s);
    keep_offers();
  }
  std::map<NodeId, ComputeStateType> states() const {
    std::map<NodeId, ComputeStateType> result;
    for (const auto& [id, execution] : executions)
      result.insert_or_assign(execution.node_id, execution.compute_state.state_type);
    return result;
  }
  /// As after a crash: a new decider with what was stored.
  void recover() {
    std::vector<model::Job> live;
    std::vector<model::Execution> rows;
    for (const auto& [id, job] : jobs) {
      if (!model::is_terminal(job.state.state_type)) live.push_back(job);
    }
    for (const auto& [id, execution] : executions)
      rows.push_back(execution);
    restart({});
    take(decider->recover(live, rows, now));
  }

  std::map<NodeId, protocol::Offer> offers;
};

TEST_F(OpsJobs, RunOnceOnEveryMatchAndNowhereElse) {
  join(kA);
  join(kB);
  join(kC);
  model::Job job = ops_job();
  job.constraints.push_back({"zone", model::LabelOperator::NotEquals, {"n-c"}});

  const JobId id = submit_ops(job);

  EXPECT_EQ(states(), (std::map<NodeId, ComputeStateType>{{kA, ComputeStateType::New},
                                                          {kB, ComputeStateType::New}}))
      << "which nodes it runs on is stored with its submission";
  EXPECT_TRUE(told("Job runs once on each of 2 matching nodes"));
  EXPECT_EQ(jobs.at(id).count, 0);
  const auto first = accept(kA);
  const auto second = accept(kB);
  EXPECT_NE(first.partition_index, second.partition_index);
  EXPECT_EQ(executions.size(), 2U) << "an award takes the planned execution's place";
  join(NodeId("n-d"));
  EXPECT_EQ(sent<protocol::Offer>(NodeId("n-d")), nullptr) << "the set is fixed";
  outcome(kA, first);
  EXPECT_EQ(state(id), JobStateType::Running);
  outcome(kB, second);
  EXPECT_EQ(state(id), JobStateType::Completed);
  EXPECT_EQ(decider->live_jobs(), 0U);
}

TEST_F(OpsJobs, FailOnANodeAndGoOnOnTheOthers) {
  join(kA);
  join(kB);
  const JobId id = submit_ops();
  const auto first = accept(kA);
  const auto second = accept(kB);

  outcome(kA, first, failed(protocol::Fault::Job));
  EXPECT_EQ(state(id), JobStateType::Running);
  outcome(kB, second);

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(jobs.at(id).state.message, "1 of 2 nodes failed.\n• Node n-a: it broke");
  EXPECT_EQ(states().at(kB), ComputeStateType::Completed);
}

TEST_F(OpsJobs, RefusedForGoodIsAFailureThere) {
  join(kA);
  join(kB);
  const JobId id = submit_ops();
  outcome(kB, accept(kB));

  hear(kA, protocol::Refusal{offers.at(kA).id,
                             {{"locality", "not here", protocol::RefusalKind::Never}}});

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(states().at(kA), ComputeStateType::AskForBidRejected);
  EXPECT_EQ(jobs.at(id).state.message, "1 of 2 nodes failed.\n• Node n-a: not here");
}

TEST_F(OpsJobs, RetryOnTheNodeThatFailedAndSoOftenOnly) {
  join(kA);
  join(kB);
  const JobId id = submit_ops();
  outcome(kB, accept(kB));
  for (int attempt = 1; attempt <= 4; ++attempt) {
    const auto award = accept(kA);
    EXPECT_EQ(award.attempt, attempt);
    outcome(kA, award, failed(protocol::Fault::Node));
    wait_for_retry();
  }

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(jobs.at(id).state.message, "1 of 2 nodes failed.\n• Node n-a: it broke");
  EXPECT_EQ(executions.size(), 5U);
}

TEST_F(OpsJobs, WithoutAMatchFailAtOnceUnlessTheyMayWait) {
  join(kA);
  model::Job job = ops_job();
  job.constraints.push_back({"zone", model::LabelOperator::Equals, {"n-b"}});

  const JobId hopeless = submit_ops(job);
  job.tasks[0].timeouts.queue = 60s;
  const JobId patient = submit_ops(job);

  EXPECT_EQ(state(hopeless), JobStateType::Failed);
  EXPECT_TRUE(jobs.at(hopeless).state.message.contains("Node n-a: labels don't match"));
  EXPECT_EQ(state(patient), JobStateType::Queued);
  join(kB);
  keep_offers();
  outcome(kB, accept(kB));
  EXPECT_EQ(state(patient), JobStateType::Completed);
}

TEST_F(OpsJobs, GiveUpANodeThatStaysAway) {
  join(kA);
  join(kB);
  const JobId id = submit_ops();
  take(decider->on_peer_down(kA, now));
  outcome(kB, accept(kB));
  EXPECT_EQ(state(id), JobStateType::Running);

  pass(5min + 1s);
  pass(5min + 1s);

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(states().at(kA), ComputeStateType::Failed);
  EXPECT_TRUE(jobs.at(id).state.message.contains("away for too long"));
}

TEST_F(OpsJobs, KeepTheirNodesOverARestart) {
  join(kA);
  join(kB);
  join(kC);
  const JobId id = submit_ops();
  outcome(kA, accept(kA), failed(protocol::Fault::Job));
  const auto running = accept(kB);
  report(kB, running, ComputeStateType::Running, 2);

  recover();
  join(NodeId("n-d"));
  EXPECT_EQ(sent<protocol::Offer>(NodeId("n-d")), nullptr);
  join(kA);
  EXPECT_EQ(sent<protocol::Offer>(kA), nullptr) << "it failed there for good";
  join(kB);
  join(kC);
  keep_offers();
  outcome(kC, accept(kC));
  outcome(kB, running);

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(jobs.at(id).state.message, "1 of 3 nodes failed.\n• Node n-a: it broke");
}

TEST_F(OpsJobs, StoppedOnesCancelWhatWasPlanned) {
  join(kA);
  const JobId id = submit_ops();

  auto stopped = decider->stop(id, "no longer wanted", now);
  ASSERT_TRUE(stopped.has_value());
  take(*std::move(stopped));

  EXPECT_EQ(state(id), JobStateType::Stopped);
  EXPECT_EQ(states().at(kA), ComputeStateType::Cancelled);
  EXPECT_EQ(sent<protocol::Cancel>(kA), nullptr) << "it was never told of it";
}

}  // namespace
}  // namespace skrei::orchestrator
