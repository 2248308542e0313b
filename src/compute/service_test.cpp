// SPDX-License-Identifier: Apache-2.0
#include "compute/service.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "async/event.hpp"
#include "async/loop.hpp"
#include "base/testing/manual_clock.hpp"
#include "jobstore/memory/memory_job_store.hpp"
#include "jobstore/testing/paused_store.hpp"
#include "swarm/inprocess/network.hpp"

namespace skrei::compute {
namespace {

using namespace std::chrono_literals;

const NodeId kSelf("n-self");
const NodeId kRequester("n-requester");
const ExecutionId kId("e-1");

/// Programs that run until they are told to end; remembers what it was asked.
class FakeWork final : public Work {
 public:
  std::vector<std::string> calls;
  async::Event ended{async::Event::Reset::Manual};

  async::Task<Assessment> assess(Assess question) override {
    co_return Assessment{.offer = question.offer, .refusals = {}, .missing_bytes = 0};
  }
  async::Task<protocol::ExecutionResult> carry_out(protocol::HostedExecution hosted,
                                                   Beginning beginning,
                                                   OnProgress on_progress) override {
    calls.push_back((beginning == Beginning::Fresh ? "start " : "resume ") + hosted.id.str());
    Progress running{.execution = hosted.id, .phase = protocol::HostedPhase::Running, .event = {}};
    on_progress(std::move(running));
    const auto end = co_await ended.wait(5s);
    protocol::ExecutionResult result;
    if (!end) {
      result.kind = protocol::OutcomeKind::Failed;
      result.message = end.error().message;
    }
    co_return result;
  }
  void stop(const ExecutionId& execution, const std::string& reason) override {
    calls.push_back("stop " + execution.str() + ": " + reason);
  }
  async::Task<void> forget(ExecutionId execution) override {
    calls.push_back("forget " + execution.str());
    co_return;
  }
};

/// A compute half, and a requester played by hand in the same network.
class ComputeService : public ::testing::Test {
 protected:
  ComputeService() {
    requester->start(
        {.message = [this](const NodeId&,
                           const protocol::Message& message) { heard.push_back(message); },
         .peer =
             [](const swarm::PeerEvent&) {
             }});
    peers->start(
        {.message = [this](const NodeId& from,
                           const protocol::Message& message) { service.on_message(from, message); },
         .peer =
             [this](const swarm::PeerEvent& event) {
               service.on_peer(event);
             }});
    job.id = JobId("j-1");
    job.type = model::JobType::Batch;
    job.tasks.emplace_back().engine = {.type = "noop", .params = "{}"};
  }
  ~ComputeService() override {
    stop();
    peers->stop();
    requester->stop();
  }

  static Options options() {
    Options result;
    result.capacity = {.cpu_millis = 2000, .memory_bytes = 1'000'000'000, .gpus = {}};
    result.policy.engines = {"noop"};
    result.policy.job_limit = result.capacity;
    return result;
  }

  void stop() {
    loop.run_task([](Service& target) -> async::Task<void> {
      co_await target.stop();
    }(service));
  }
  void turns(int count = 20) {
    for (int turn = 0; turn < count; ++turn)
      loop.run_task([]() -> async::Task<void> {
        co_return;
      }());
  }
  void say(protocol::Message message) {
    ASSERT_TRUE(requester->send(kSelf, std::move(message)));
    turns();
  }
  void offer() { say(protocol::Offer{OfferId("o-1"), std::make_shared<model::Job>(job), 0, 1}); }
  void award() {
    protocol::Award message;
    message.offer = OfferId("o-1");
    message.node_run_id = "run";
    message.execution = kId;
    message.epoch = 1;
    message.job = std::make_shared<model::Job>(job);
    message.lease = 30s;
    say(message);
  }

  template <class M>
  int count() const {
    int found = 0;
    for (const protocol::Message& message : heard)
      found += std::holds_alternative<M>(message) ? 1 : 0;
    return found;
  }
  std::vector<protocol::HostedExecution> rows() {
    std::vector<protocol::HostedExecution> found;
    loop.run_task([](jobstore::JobStore& from,
                     std::vector<protocol::HostedExecution>& to) -> async::Task<void> {
      auto recovered = co_await from.recover();
      EXPECT_TRUE(recovered);
      if (recovered) to = std::move(recovered->hosted);
    }(memory, found));
    return found;
  }

  model::Job job;
  async::Loop loop;
  skrei::testing::ManualClock clock;
  jobstore::memory::MemoryJobStore memory{loop, clock};
  jobstore::testing::PausedStore store{memory};
  swarm::inprocess::Network network{loop};
  std::unique_ptr<swarm::Peers> peers = network.join(kSelf);
  std::unique_ptr<swarm::Peers> requester = network.join(kRequester);
  std::vector<protocol::Message> heard;
  int changes = 0;
  FakeWork work;
  Service service{loop, clock, store, *peers, work, {"boot", "run"}, options(), [this] {
                    ++changes;
                  }};
};

TEST_F(ComputeService, BidsStartsReportsAndForgets) {
  service.start({});
  offer();
  EXPECT_EQ(count<protocol::Bid>(), 1);

  award();
  EXPECT_EQ(work.calls, std::vector<std::string>{"start e-1"});
  EXPECT_EQ(service.held(), 1U);
  EXPECT_GE(count<protocol::Report>(), 2) << "accepted, running";

  work.ended.set();
  turns();
  ASSERT_EQ(count<protocol::Outcome>(), 1);

  say(protocol::OutcomeAck{kId, 1});
  EXPECT_EQ(work.calls, (std::vector<std::string>{"start e-1", "forget e-1"}));
  EXPECT_EQ(service.held(), 0U);
  EXPECT_TRUE(rows().empty());
}

TEST_F(ComputeService, NothingStartsAndNothingIsConfirmedBeforeTheRowsAreSynced) {
  service.start({});
  offer();
  heard.clear();
  store.paused = true;

  award();
  EXPECT_TRUE(work.calls.empty());
  EXPECT_EQ(count<protocol::Report>(), 0);
  EXPECT_EQ(service.held(), 1U) << "it is applied at once";

  store.sync();
  turns();
  EXPECT_EQ(work.calls, std::vector<std::string>{"start e-1"});
  EXPECT_GE(count<protocol::Report>(), 1);
}

TEST_F(ComputeService, AnOutcomeLeavesOnlyOnceItIsSynced) {
  service.start({});
  offer();
  award();
  store.paused = true;

  work.ended.set();
  turns();
  EXPECT_EQ(count<protocol::Outcome>(), 0);

  store.sync();
  turns();
  EXPECT_EQ(count<protocol::Outcome>(), 1);
}

TEST_F(ComputeService, ACancelReachesTheProgram) {
  service.start({});
  offer();
  award();

  say(protocol::Cancel{kId, 1, "not wanted"});

  ASSERT_EQ(work.calls.size(), 2U);
  EXPECT_TRUE(work.calls.back().starts_with("stop e-1: ")) << work.calls.back();
}

TEST_F(ComputeService, AStopLeavesTheProgramRunningAndReportsNothing) {
  service.start({});
  offer();
  award();
  heard.clear();

  stop();
  turns();

  EXPECT_EQ(work.calls, std::vector<std::string>{"start e-1"}) << "neither stopped nor forgotten";
  EXPECT_TRUE(heard.empty());
  ASSERT_EQ(rows().size(), 1U);
  EXPECT_EQ(rows().front().phase, protocol::HostedPhase::Running);
  EXPECT_FALSE(rows().front().result);
}

TEST_F(ComputeService, AfterARestartItResumesAndNeverStartsAgain) {
  protocol::HostedExecution hosted;
  hosted.id = kId;
  hosted.requester = kRequester;
  hosted.job = std::make_shared<model::Job>(job);
  hosted.epoch = 1;
  hosted.resources = {.cpu_millis = 100, .memory_bytes = 1000, .gpus = {}};
  hosted.phase = protocol::HostedPhase::Running;
  hosted.accept_time = clock.now();

  service.start({hosted});
  turns();
  EXPECT_EQ(work.calls, std::vector<std::string>{"resume e-1"});

  work.ended.set();
  turns();
  EXPECT_EQ(count<protocol::Outcome>(), 1);
}

}  // namespace
}  // namespace skrei::compute
