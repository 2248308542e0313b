// SPDX-License-Identifier: Apache-2.0
#include "compute/decider.hpp"

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace skrei::compute {
namespace {

using namespace std::chrono_literals;
using protocol::HostedPhase;

const NodeId kRequester("n-requester");

model::Job job_of(std::string cpu = "1") {
  model::Job job;
  job.id = JobId("j-1");
  job.type = model::JobType::Batch;
  job.version = 1;
  model::Task task;
  task.name = "main";
  task.engine = {.type = "noop", .params = "{}"};
  task.resources.cpu = std::move(cpu);
  job.tasks.push_back(std::move(task));
  return job;
}

Options test_options() {
  Options options;
  options.capacity.cpu_millis = 2000;
  options.capacity.memory_bytes = 1'000'000'000;
  options.policy.engines = {"noop"};
  options.policy.job_limit = options.capacity;
  options.queue_max = 1;
  return options;
}

/// A decider with hand-fed events; remembers what each caused.
class ComputeDecider : public ::testing::Test {
 protected:
  void use(Options options) {
    decider = std::make_unique<Decider>(std::move(options));
    decider->set_run("boot", run_id);
  }
  void SetUp() override { use(test_options()); }
  /// As after a power cut: a new decider with the given records.
  void restart(std::vector<protocol::HostedExecution> rows = {}) {
    run_id += "'";
    use(test_options());
    take(decider->recover(std::move(rows), now));
  }

  void take(Effects effects) { last = std::move(effects); }
  void hear(protocol::Message message) {
    take(decider->on_message(kRequester, std::move(message), now));
  }
  void pass(Duration time) {
    now.boot += time;
    now.wall += time;
    take(decider->tick(now));
  }

  void offer(const std::string& id, model::Job job = job_of()) {
    hear(protocol::Offer{OfferId(id), std::make_shared<model::Job>(std::move(job)), 0, 1});
  }
  void assessed(const std::string& id, std::optional<std::uint64_t> missing = 0) {
    Assessment assessment;
    assessment.offer = OfferId(id);
    assessment.missing_bytes = missing;
    take(decider->on_assessed(assessment, now));
  }
  protocol::Award award_of(const std::string& id, model::Job job = job_of()) {
    protocol::Award award;
    award.offer = OfferId(id);
    award.node_run_id = run_id;
    award.execution = ExecutionId("e-" + id);
    award.epoch = 1;
    award.job = std::make_shared<model::Job>(std::move(job));
    award.lease = 30s;
    return award;
  }
  /// From the offer to the running program.
  void run(const std::string& id, model::Job job = job_of()) {
    offer(id, job);
    assessed(id);
    hear(award_of(id, job));
    progress(id, HostedPhase::Running);
  }
  void progress(const std::string& id, HostedPhase phase) {
    Progress step;
    step.execution = ExecutionId("e-" + id);
    step.phase = phase;
    step.event.message = "step";
    take(decider->on_progress(step, now));
  }
  void finish(const std::string& id) {
    protocol::ExecutionResult result;
    result.published.type = "ipfs";
    take(decider->on_finished(ExecutionId("e-" + id), result, now));
  }

  template <class M>
  const M* sent() const {
    for (const protocol::Send& send : last.sends) {
      if (const auto* message = std::get_if<M>(&send.message)) return message;
    }
    return nullptr;
  }
  template <class A>
  const A* action() const {
    for (const Action& action : last.actions) {
      if (const auto* found = std::get_if<A>(&action)) return found;
    }
    return nullptr;
  }
  HostedPhase phase(const std::string& id) const {
    return decider->find(ExecutionId("e-" + id))->phase;
  }

  protocol::Now now{WallTime{1'760'000'000s}, BootTime{1000s}};
  std::string run_id = "run";
  std::unique_ptr<Decider> decider;
  Effects last;
};

TEST_F(ComputeDecider, RefusesByRuleWithEachReason) {
  Options options = test_options();
  options.policy.reject_stateless = true;
  options.policy.accept_from = std::set<NodeId>{NodeId("n-friend")};
  use(options);
  model::Job job = job_of("64");
  job.tasks[0].engine.type = "docker";
  job.tasks[0].publisher.type = "s3";
  job.tasks[0].network.type = model::NetworkType::Full;

  offer("1", job);

  ASSERT_NE(sent<protocol::Refusal>(), nullptr);
  std::vector<std::string> clauses;
  for (const protocol::Reason& reason : sent<protocol::Refusal>()->reasons) {
    EXPECT_EQ(reason.kind, protocol::RefusalKind::Never);
    EXPECT_FALSE(reason.sentence.empty());
    clauses.push_back(reason.clause);
  }
  EXPECT_EQ(clauses, (std::vector<std::string>{"requester", "engine", "publisher", "network",
                                               "stateless", "resources"}));
}

TEST_F(ComputeDecider, LocalityRefusesWhatWouldHaveToMove) {
  offer("1");
  assessed("1", 1'000'000);
  ASSERT_NE(sent<protocol::Refusal>(), nullptr);
  EXPECT_EQ(sent<protocol::Refusal>()->reasons[0].clause, "locality");
  EXPECT_EQ(sent<protocol::Refusal>()->reasons[0].kind, protocol::RefusalKind::Never);

  offer("2");
  assessed("2", std::nullopt);
  ASSERT_NE(sent<protocol::Refusal>(), nullptr);
  EXPECT_EQ(sent<protocol::Refusal>()->reasons[0].kind, protocol::RefusalKind::NotNow);
}

TEST_F(ComputeDecider, AsksTheRequesterToWaitForAProbe) {
  Options options = test_options();
  options.probed = true;
  use(options);

  offer("1");

  ASSERT_NE(sent<protocol::Considering>(), nullptr);
  EXPECT_EQ(sent<protocol::Considering>()->deadline, options.assessment_time);
  pass(options.assessment_time);
  ASSERT_NE(sent<protocol::Refusal>(), nullptr) << "the shell did not answer in time";
  assessed("1");
  EXPECT_TRUE(last.empty()) << "too late";
}

TEST_F(ComputeDecider, ReservesRoomForItsBidAndFreesItAfterTheTimeToLive) {
  offer("1");
  assessed("1");
  ASSERT_NE(sent<protocol::Bid>(), nullptr);
  EXPECT_EQ(sent<protocol::Bid>()->time_to_live, 5s);
  EXPECT_EQ(decider->describe().available_capacity.cpu_millis, 1000U);

  pass(5s);

  EXPECT_EQ(decider->describe().available_capacity.cpu_millis, 2000U);
}

TEST_F(ComputeDecider, TakesALateAwardWhileThereIsRoom) {
  offer("1");
  assessed("1");
  pass(6s);

  hear(award_of("1"));

  EXPECT_NE(action<Start>(), nullptr);
}

TEST_F(ComputeDecider, RefusesALateAwardWithoutRoomAsNotNow) {
  offer("late");
  assessed("late");
  pass(6s);
  run("1", job_of("2"));
  model::Job second = job_of("2");
  second.id = JobId("j-2");
  run("2", second);

  hear(award_of("late"));

  ASSERT_NE(sent<protocol::AwardRefused>(), nullptr);
  EXPECT_EQ(sent<protocol::AwardRefused>()->reasons[0].kind, protocol::RefusalKind::NotNow);
  EXPECT_EQ(decider->find(ExecutionId("e-late")), nullptr);
}

TEST_F(ComputeDecider, RefusesAnAwardItNeverBidFor) {
  hear(award_of("1"));

  EXPECT_NE(sent<protocol::AwardRefused>(), nullptr);
  EXPECT_EQ(action<Start>(), nullptr);
}

TEST_F(ComputeDecider, LateRepeatsOfOfferAndAwardDoNotRunAnEndedExecutionAgain) {
  run("1");
  finish("1");
  hear(protocol::OutcomeAck{ExecutionId("e-1"), 1});
  ASSERT_EQ(decider->held(), 0U);

  offer("1");
  assessed("1");
  hear(award_of("1"));

  EXPECT_NE(sent<protocol::AwardRefused>(), nullptr);
  EXPECT_EQ(action<Start>(), nullptr);
}

TEST_F(ComputeDecider, AnAwardOfAnEarlierRunStartsNothingWhateverElseComesLate) {
  const protocol::Award late = award_of("1");
  const protocol::Hello hello{
      "b", "r", {{late.execution, 1, 0, model::ComputeStateType::AskForBidAccepted}}};
  run("1");
  finish("1");
  hear(protocol::OutcomeAck{late.execution, 1});
  restart();

  hear(hello);
  offer("1");
  assessed("1");
  ASSERT_NE(sent<protocol::Bid>(), nullptr);
  EXPECT_EQ(sent<protocol::Bid>()->run_id, run_id);
  hear(late);

  EXPECT_EQ(action<Start>(), nullptr);
  ASSERT_NE(sent<protocol::AwardRefused>(), nullptr);
  EXPECT_EQ(sent<protocol::AwardRefused>()->reasons[0].kind, protocol::RefusalKind::NotNow);
}

TEST_F(ComputeDecider, ARepeatedAwardOfAnEarlierRunTellsTheStateOfWhatIsHeld) {
  const protocol::Award award = award_of("1");
  run("1");
  restart({*decider->find(award.execution)});

  hear(award);

  EXPECT_EQ(action<Start>(), nullptr);
  ASSERT_NE(sent<protocol::Report>(), nullptr);
  EXPECT_EQ(sent<protocol::Report>()->state, model::ComputeStateType::Running);
}

TEST_F(ComputeDecider, TakesAnAwardWhoseBidARestartMadeItForget) {
  const protocol::Award award = award_of("1");
  hear(protocol::Hello{
      "b", "r", {{award.execution, 1, 0, model::ComputeStateType::AskForBidAccepted}}});

  hear(award);

  ASSERT_NE(action<Start>(), nullptr);
  EXPECT_EQ(action<Start>()->hosted.attempt, 1);
  ASSERT_NE(sent<protocol::Heartbeat>(), nullptr) << "its lease may be nearly over";
  EXPECT_EQ(sent<protocol::Heartbeat>()->held.size(), 1U);
}

TEST_F(ComputeDecider, AForgottenBidGivesItsReservationToItsAward) {
  offer("1", job_of("2"));
  assessed("1");
  protocol::Award award = award_of("1", job_of("2"));
  award.offer = {};  // Its requester restarted.
  hear(protocol::Hello{
      "b", "r", {{award.execution, 1, 0, model::ComputeStateType::AskForBidAccepted}}});

  hear(award);

  EXPECT_NE(action<Start>(), nullptr);
  EXPECT_EQ(decider->describe().available_capacity.cpu_millis, 0U);
  pass(5s);
  EXPECT_EQ(decider->describe().available_capacity.cpu_millis, 0U);
}

TEST_F(ComputeDecider, RefusesAForgottenBidWithoutRoomOrWithOutsideEffectsAsNotNow) {
  model::Job effects = job_of();
  effects.id = JobId("j-effects");
  effects.late_result = model::LateResult::Refuse;
  run("1", job_of("2"));
  model::Job second = job_of("2");
  second.id = JobId("j-2");
  run("2", second);
  model::Job third = job_of("2");
  third.id = JobId("j-3");
  const auto unconfirmed = model::ComputeStateType::AskForBidAccepted;
  hear(protocol::Hello{
      "b",
      "r",
      {{ExecutionId("e-3"), 1, 0, unconfirmed}, {ExecutionId("e-effects"), 1, 0, unconfirmed}}});

  for (const auto& award : {award_of("3", third), award_of("effects", effects)}) {
    hear(award);
    ASSERT_NE(sent<protocol::AwardRefused>(), nullptr);
    EXPECT_EQ(sent<protocol::AwardRefused>()->reasons[0].kind, protocol::RefusalKind::NotNow);
  }
}

TEST_F(ComputeDecider, ALateRepeatOfAnAwardThatHasEndedStartsNothing) {
  const protocol::Award award = award_of("1");
  const protocol::Hello hello{
      "b", "r", {{award.execution, 1, 0, model::ComputeStateType::AskForBidAccepted}}};
  run("1");
  finish("1");
  hear(protocol::OutcomeAck{award.execution, 1});
  ASSERT_EQ(decider->held(), 0U);

  hear(hello);
  hear(award);

  EXPECT_EQ(action<Start>(), nullptr);
  EXPECT_NE(sent<protocol::AwardRefused>(), nullptr);
}

TEST_F(ComputeDecider, RepeatedAwardStartsNothingAndTellsTheState) {
  run("1");

  hear(award_of("1"));

  EXPECT_EQ(action<Start>(), nullptr);
  ASSERT_NE(sent<protocol::Report>(), nullptr);
  EXPECT_EQ(sent<protocol::Report>()->state, model::ComputeStateType::Running);
}

TEST_F(ComputeDecider, QueuesWhatDoesNotFitAndRefusesBeyondTheBound) {
  run("1", job_of("2"));
  offer("2");
  assessed("2");
  ASSERT_NE(sent<protocol::Bid>(), nullptr);
  EXPECT_GT(sent<protocol::Bid>()->queue_wait, Duration{0});
  hear(award_of("2"));
  EXPECT_EQ(phase("2"), HostedPhase::Waiting);

  offer("3");
  ASSERT_NE(sent<protocol::Refusal>(), nullptr);
  EXPECT_EQ(sent<protocol::Refusal>()->reasons[0].clause, "busy");

  finish("1");
  EXPECT_EQ(phase("2"), HostedPhase::Preparing);
  ASSERT_NE(action<Start>(), nullptr);
  EXPECT_EQ(action<Start>()->hosted.id, ExecutionId("e-2"));
}

TEST_F(ComputeDecider, StartsWaitingOnesByPriorityWhichMayBeNegative) {
  Options options = test_options();
  options.queue_max = 8;
  use(options);
  run("running", job_of("2"));
  std::map<int, std::string> by_rank;
  for (const int priority : {-3, 0, 9, -1}) {
    const std::string name = std::to_string(priority);
    model::Job job = job_of("2");
    job.id = JobId("j" + name);
    job.priority = priority;
    offer(name, job);
    assessed(name);
    hear(award_of(name, job));
    EXPECT_EQ(phase(name), HostedPhase::Waiting);
    by_rank.emplace(-priority, name);
  }

  std::string ending = "running";
  for (const auto& [rank, name] : by_rank) {
    finish(ending);
    ASSERT_NE(action<Start>(), nullptr);
    EXPECT_EQ(action<Start>()->hosted.id, ExecutionId("e-" + name));
    ending = name;
  }
}

TEST_F(ComputeDecider, KeepsTheOutcomeUntilItIsAcknowledged) {
  run("1");
  finish("1");
  ASSERT_NE(sent<protocol::Outcome>(), nullptr);

  pass(5s);
  EXPECT_NE(sent<protocol::Outcome>(), nullptr) << "said again";
  hear(protocol::OutcomeAck{ExecutionId("e-1"), 1});

  EXPECT_NE(action<Forget>(), nullptr);
  EXPECT_TRUE(std::holds_alternative<protocol::RemoveHosted>(last.rows.at(0)));
  EXPECT_EQ(decider->held(), 0U);
  hear(award_of("1"));
  EXPECT_EQ(action<Start>(), nullptr) << "a finished execution is not run again";
}

TEST_F(ComputeDecider, GivesAResultUpAfterItsRetention) {
  run("1");
  finish("1");

  pass(7 * 24h);

  EXPECT_EQ(decider->held(), 0U);
}

TEST_F(ComputeDecider, FirstResultStands) {
  run("1");
  finish("1");

  take(decider->on_finished(ExecutionId("e-1"), {.kind = protocol::OutcomeKind::Failed}, now));

  EXPECT_TRUE(last.rows.empty());
  EXPECT_EQ(decider->find(ExecutionId("e-1"))->result->kind, protocol::OutcomeKind::Completed);
}

TEST_F(ComputeDecider, CancelStopsTheProgramAndNamesItsEnd) {
  run("1");

  hear(protocol::Cancel{ExecutionId("e-1"), 1, "no longer wanted"});
  ASSERT_NE(action<Stop>(), nullptr);
  EXPECT_EQ(phase("1"), HostedPhase::Stopping);
  finish("1");

  ASSERT_NE(sent<protocol::Outcome>(), nullptr);
  EXPECT_EQ(sent<protocol::Outcome>()->result.kind, protocol::OutcomeKind::Cancelled);
  EXPECT_EQ(sent<protocol::Outcome>()->result.message, "no longer wanted");
}

TEST_F(ComputeDecider, CancelOfAWaitingExecutionEndsItAtOnce) {
  run("1", job_of("2"));
  offer("2");
  assessed("2");
  hear(award_of("2"));

  hear(protocol::Cancel{ExecutionId("e-2"), 1, "no longer wanted"});

  EXPECT_EQ(phase("2"), HostedPhase::Finished);
  EXPECT_EQ(action<Stop>(), nullptr);
}

TEST_F(ComputeDecider, IgnoresCommandsOfAnOlderEpochAndOfStrangers) {
  offer("1");
  assessed("1");
  protocol::Award award = award_of("1");
  award.epoch = 5;
  hear(award);

  hear(protocol::Cancel{ExecutionId("e-1"), 4, "stale"});
  EXPECT_EQ(phase("1"), HostedPhase::Preparing);
  take(decider->on_message(NodeId("n-stranger"), protocol::Cancel{ExecutionId("e-1"), 9, "mine"},
                           now));
  EXPECT_EQ(phase("1"), HostedPhase::Preparing);
}

TEST_F(ComputeDecider, EndsWhatRunsLongerThanItMay) {
  model::Job job = job_of();
  job.tasks[0].timeouts.execution = 60s;
  run("1", job);

  for (int seconds = 0; seconds < 60; seconds += 5) {
    pass(5s);
    if (const auto* beat = sent<protocol::Heartbeat>()) {
      const auto sequence = beat->sequence;
      hear(protocol::HeartbeatAnswer{sequence, 30s});
    }
  }
  EXPECT_EQ(phase("1"), HostedPhase::Stopping);
  finish("1");

  ASSERT_NE(sent<protocol::Outcome>(), nullptr);
  EXPECT_EQ(sent<protocol::Outcome>()->result.message,
            "Execution timed out. Execution took longer than 1m0s");
  EXPECT_EQ(sent<protocol::Outcome>()->result.fault, protocol::Fault::Job);
}

TEST_F(ComputeDecider, GoesOnWithoutItsRequesterForTheTolerance) {
  run("1");

  pass(9min);
  EXPECT_EQ(phase("1"), HostedPhase::Running);
  pass(2min);

  EXPECT_EQ(phase("1"), HostedPhase::Stopping);
}

TEST_F(ComputeDecider, StopsAtTheLeasesEndWhereALateResultIsRefused) {
  model::Job job = job_of();
  job.late_result = model::LateResult::Refuse;
  run("1", job);

  pass(30s);

  EXPECT_EQ(phase("1"), HostedPhase::Stopping);
}

TEST_F(ComputeDecider, HeartbeatListsWhatIsHeldAndItsAnswerRenews) {
  model::Job job = job_of();
  job.late_result = model::LateResult::Refuse;
  run("1", job);

  for (int beat = 0; beat < 20; ++beat) {
    pass(5s);
    const auto* heartbeat = sent<protocol::Heartbeat>();
    ASSERT_NE(heartbeat, nullptr);
    ASSERT_EQ(heartbeat->held.size(), 1U);
    EXPECT_EQ(heartbeat->held[0].state, model::ComputeStateType::Running);
    const auto sequence = heartbeat->sequence;
    hear(protocol::HeartbeatAnswer{sequence, 30s});
  }

  EXPECT_EQ(phase("1"), HostedPhase::Running);
}

TEST_F(ComputeDecider, HelloIsAnsweredWithWhatIsHeldAndUnacknowledged) {
  run("1");
  finish("1");

  hear(protocol::Hello{"boot", "run", {}});

  ASSERT_NE(sent<protocol::Heartbeat>(), nullptr);
  EXPECT_EQ(sent<protocol::Heartbeat>()->held[0].state, model::ComputeStateType::Completed);
  EXPECT_NE(sent<protocol::Outcome>(), nullptr);
}

TEST_F(ComputeDecider, RecoversEachPhase) {
  run("running");
  const protocol::HostedExecution running = *decider->find(ExecutionId("e-running"));
  protocol::HostedExecution waiting = running;
  waiting.id = ExecutionId("e-waiting");
  waiting.phase = HostedPhase::Waiting;
  waiting.start_time.reset();
  protocol::HostedExecution finished = running;
  finished.id = ExecutionId("e-finished");
  finished.phase = HostedPhase::Finished;
  finished.result = protocol::ExecutionResult{};
  finished.finish_time = now.wall;
  use(test_options());

  take(decider->recover({running, waiting, finished}, now));

  ASSERT_NE(action<Resume>(), nullptr);
  EXPECT_EQ(action<Resume>()->hosted.id, running.id);
  ASSERT_NE(action<Start>(), nullptr);
  EXPECT_EQ(action<Start>()->hosted.id, waiting.id);
  pass(0s);
  ASSERT_NE(sent<protocol::Outcome>(), nullptr);
  EXPECT_EQ(sent<protocol::Outcome>()->execution, finished.id);
  ASSERT_NE(sent<protocol::Heartbeat>(), nullptr);
  EXPECT_EQ(sent<protocol::Heartbeat>()->held.size(), 3U);
}

TEST_F(ComputeDecider, ResumesAndStopsWhatWasBeingStopped) {
  run("1");
  hear(protocol::Cancel{ExecutionId("e-1"), 1, "no longer wanted"});
  const protocol::HostedExecution stopping = *decider->find(ExecutionId("e-1"));
  use(test_options());

  take(decider->recover({stopping}, now));

  EXPECT_NE(action<Resume>(), nullptr);
  EXPECT_NE(action<Stop>(), nullptr);
  finish("1");
  EXPECT_EQ(decider->find(ExecutionId("e-1"))->result->kind, protocol::OutcomeKind::Cancelled);
}

TEST_F(ComputeDecider, LapsedReservationsHalveWhatARequesterMayHold) {
  Options options = test_options();
  options.reservations_per_requester_max = 2;
  use(options);
  offer("1");
  assessed("1");
  pass(5s);

  offer("2");
  offer("3");

  ASSERT_NE(sent<protocol::Refusal>(), nullptr);
  EXPECT_EQ(sent<protocol::Refusal>()->offer, OfferId("3"));
}

}  // namespace
}  // namespace skrei::compute
