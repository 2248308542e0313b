// SPDX-License-Identifier: Apache-2.0
// Each rule finds what breaks it: the invariants that no planted bug breaks, with rows made by
// hand.
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "sim/lease_rules.hpp"
#include "sim/node_rules.hpp"
#include "sim/record_rules.hpp"

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;
using model::ComputeStateType;
using model::JobStateType;

std::shared_ptr<const model::Job> job_of(JobStateType state, int count = 1) {
  auto job = std::make_shared<model::Job>();
  job->id = JobId("j-1");
  job->type = model::JobType::Batch;
  job->version = 1;
  job->count = count;
  job->state.state_type = state;
  job->tasks.emplace_back();
  return job;
}

model::Execution execution_of(const char* id, ComputeStateType state, std::uint64_t epoch = 1) {
  model::Execution execution;
  execution.id = ExecutionId(id);
  execution.node_id = NodeId("n-1");
  execution.job_id = JobId("j-1");
  execution.job_version = 1;
  execution.epoch = epoch;
  execution.compute_state.state_type = state;
  return execution;
}

protocol::HostedExecution hosted_of(const char* id, std::uint64_t cpu_millis) {
  protocol::HostedExecution hosted;
  hosted.id = ExecutionId(id);
  hosted.job = job_of(JobStateType::Running);
  hosted.epoch = 1;
  hosted.phase = protocol::HostedPhase::Preparing;
  hosted.resources.cpu_millis = cpu_millis;
  return hosted;
}

class Rules : public ::testing::Test {
 protected:
  std::optional<Invariant> broken() const {
    if (!breaches.first()) return std::nullopt;
    return breaches.first()->invariant;
  }
  void sync(std::vector<protocol::Mutation> batch) { records.on_synced(0, batch); }

  Agenda agenda;
  Breaches breaches{agenda};
  RecordRules records{breaches};
  NodeRules nodes{breaches, 2};
  LeaseRules leases{agenda, breaches, 2, LeaseTerms{}};
  jobstore::memory::Tables tables;
};

TEST_F(Rules, NothingLeavesAnEnd) {
  sync({protocol::PutJob{job_of(JobStateType::Failed)}});
  ASSERT_EQ(broken(), std::nullopt);

  sync({protocol::PutJob{job_of(JobStateType::Running)}});

  EXPECT_EQ(broken(), Invariant::EndsAreFinal);
}

TEST_F(Rules, AnEndedExecutionStaysAsItIs) {
  sync({protocol::PutExecution{execution_of("e-1", ComputeStateType::Cancelled)}});

  sync({protocol::PutExecution{execution_of("e-1", ComputeStateType::Running)}});

  EXPECT_EQ(broken(), Invariant::EndsAreFinal);
}

TEST_F(Rules, APartitionHasOneResult) {
  sync({protocol::PutExecution{execution_of("e-1", ComputeStateType::Completed)}});

  sync({protocol::PutExecution{execution_of("e-2", ComputeStateType::Completed, 2)}});

  EXPECT_EQ(broken(), Invariant::OneResult);
}

TEST_F(Rules, EpochsAscend) {
  sync({protocol::PutExecution{execution_of("e-1", ComputeStateType::Failed, 2)}});

  sync({protocol::PutExecution{execution_of("e-2", ComputeStateType::AskForBidAccepted, 2)}});

  EXPECT_EQ(broken(), Invariant::EpochsAscend);
}

TEST_F(Rules, OneExecutionOfAPartitionHoldsItsLease) {
  sync({protocol::PutExecution{execution_of("e-1", ComputeStateType::Running)}});

  sync({protocol::PutExecution{execution_of("e-2", ComputeStateType::AskForBidAccepted, 2)}});

  EXPECT_EQ(broken(), Invariant::OneLease);
}

TEST_F(Rules, AnEndedJobHoldsNoLease) {
  sync({protocol::PutExecution{execution_of("e-1", ComputeStateType::Running)}});

  sync({protocol::PutJob{job_of(JobStateType::Stopped)}});

  EXPECT_EQ(broken(), Invariant::OneLease);
}

TEST_F(Rules, ACompletedJobHasAllItsResults) {
  sync({protocol::PutExecution{execution_of("e-1", ComputeStateType::Completed)},
        protocol::PutJob{job_of(JobStateType::Completed, 2)}});

  EXPECT_EQ(broken(), Invariant::CompletedMeansAll);
}

TEST_F(Rules, AnAcknowledgedJobIsThereAfterARestart) {
  tables.jobs[JobId("j-1")] = job_of(JobStateType::Pending);
  records.on_acknowledged(0, JobId("j-1"), tables);
  records.on_restart(0, tables);
  ASSERT_EQ(broken(), std::nullopt);

  records.on_restart(0, {});

  EXPECT_EQ(broken(), Invariant::AcknowledgedJobKept);
}

TEST_F(Rules, JobsEnd) {
  sync({protocol::PutJob{job_of(JobStateType::Queued)}});

  records.at_end();

  EXPECT_EQ(broken(), Invariant::JobsEnd);
}

TEST_F(Rules, NothingStartsWithoutItsRecord) {
  nodes.on_start(1, hosted_of("e-1", 1000), tables);

  EXPECT_EQ(broken(), Invariant::StartedFromRecord);
}

TEST_F(Rules, WhatRunsFitsAndIsCounted) {
  model::ComputeNodeInfo told;
  told.max_capacity.cpu_millis = 2000;
  told.available_capacity.cpu_millis = 1000;
  tables.hosted[ExecutionId("e-1")] = hosted_of("e-1", 1000);
  tables.hosted[ExecutionId("e-2")] = hosted_of("e-2", 1000);
  nodes.on_start(1, hosted_of("e-1", 1000), tables);
  nodes.check_capacity(1, {.cpu_millis = 1000, .gpus = {}}, told);
  ASSERT_EQ(broken(), std::nullopt);

  nodes.on_start(1, hosted_of("e-2", 1000), tables);
  nodes.check_capacity(1, {.cpu_millis = 1000, .gpus = {}}, told);

  EXPECT_EQ(broken(), Invariant::CapacityKept);
}

TEST_F(Rules, ProgramsDoNotUseMoreThanThereIs) {
  model::ComputeNodeInfo told;
  told.max_capacity.cpu_millis = 2000;

  nodes.check_capacity(1, {.cpu_millis = 2500, .gpus = {}}, told);

  EXPECT_EQ(broken(), Invariant::CapacityKept);
}

TEST_F(Rules, AnExecutionEndsInOneWay) {
  protocol::Outcome outcome;
  outcome.execution = ExecutionId("e-1");
  nodes.on_outcome(1, outcome);
  nodes.on_outcome(1, outcome);
  ASSERT_EQ(broken(), std::nullopt);

  outcome.result.kind = protocol::OutcomeKind::Cancelled;
  nodes.on_outcome(1, outcome);

  EXPECT_EQ(broken(), Invariant::OneOutcome);
}

TEST_F(Rules, ALeaseThatNobodyRenewsEnds) {
  leases.on_process_start(0);
  leases.on_granted(0, execution_of("e-1", ComputeStateType::Running));

  while (!agenda.empty() && !breaches.first())
    agenda.step();

  EXPECT_EQ(broken(), Invariant::LeaseEnds);
  EXPECT_GE(agenda.now(), 33s);
}

TEST_F(Rules, AnExecutionThatIsHeardOfIsNotLost) {
  leases.on_process_start(0);
  leases.on_granted(0, execution_of("e-1", ComputeStateType::Running));
  protocol::Heartbeat heartbeat{"b", "r", 1, {}};
  heartbeat.held.push_back({ExecutionId("e-1"), 1, 1, ComputeStateType::Running});
  leases.on_heartbeat(0, 1, heartbeat);
  auto lost = execution_of("e-1", ComputeStateType::Failed);
  lost.compute_state.details = {{"ErrorCode", "LeaseExpired"}};

  leases.on_requester_rows(0, {protocol::PutExecution{lost}});

  EXPECT_EQ(broken(), Invariant::LeaseNotCutShort);
}

}  // namespace
}  // namespace skrei::sim
