// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/testing/manual_clock.hpp"
#include "jobstore/memory/memory_job_store.hpp"
#include "jobstore/testing/paused_store.hpp"
#include "swarm/inprocess/network.hpp"

namespace skrei::orchestrator {
namespace {

const NodeId kSelf("n-self");

Submission batch_submission(const std::string& key = "", std::uint8_t body = 0) {
  Submission submission;
  submission.job.type = model::JobType::Batch;
  model::Task task;
  task.name = "main";
  task.engine = {.type = "noop", .params = "{}"};
  submission.job.tasks.push_back(std::move(task));
  if (!key.empty()) submission.key = protocol::IdempotencyKey{"client", key};
  submission.body_digest[0] = body;
  return submission;
}

class RequesterService : public ::testing::Test {
 protected:
  RequesterService() {
    peers->start({.message =
                      [this](const NodeId&, const protocol::Message& message) {
                        heard.emplace_back(protocol::name_of(message));
                      },
                  .peer =
                      [this](const swarm::PeerEvent& event) {
                        service.on_peer(event);
                      }});
    service.start({}, {});
  }
  ~RequesterService() override {
    run(stop(service));
    peers->stop();
  }

  void run(async::Task<void> task) { loop.run_task(std::move(task)); }

  static async::Task<void> stop(Service& target) { co_await target.stop(); }

  /// Submits and keeps the answer.
  static async::Task<void> submit(Service& target, Submission submission,
                                  std::optional<Result<protocol::ChangeAnswer>>& answer) {
    answer = co_await target.submit(std::move(submission));
  }
  static async::Task<void> stop_job(Service& target, JobId job,
                                    std::optional<Result<StopAnswer>>& answer) {
    answer = co_await target.stop_job(std::move(job), "test");
  }
  Result<protocol::ChangeAnswer> submitted(Submission submission) {
    std::optional<Result<protocol::ChangeAnswer>> answer;
    run(submit(service, std::move(submission), answer));
    return *std::move(answer);
  }
  Result<StopAnswer> stopped(JobId job) {
    std::optional<Result<StopAnswer>> answer;
    run(stop_job(service, std::move(job), answer));
    return *std::move(answer);
  }
  void turns(int count) {
    for (int turn = 0; turn < count; ++turn)
      run(nothing());
  }
  static async::Task<void> nothing() { co_return; }

  async::Loop loop;
  skrei::testing::ManualClock clock;
  SeededRandom random{1};
  jobstore::memory::MemoryJobStore memory{loop, clock};
  jobstore::testing::PausedStore store{memory};
  swarm::inprocess::Network network{loop};
  std::unique_ptr<swarm::Peers> peers = network.join(kSelf);
  std::vector<std::string> heard;
  Service service{loop, clock, random, store, *peers, {kSelf, "boot", "run"}, Options{}};
};

TEST_F(RequesterService, AnswersASubmissionOnlyOnceItIsSynced) {
  store.paused = true;
  std::optional<Result<protocol::ChangeAnswer>> answer;
  async::TaskScope scope(loop);
  scope.spawn("submit", submit(service, batch_submission(), answer));
  turns(20);
  EXPECT_FALSE(answer.has_value());
  EXPECT_EQ(service.live_jobs(), 1U) << "it is applied at once";

  store.sync();
  turns(20);

  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->has_value());
  run(scope.join());
}

TEST_F(RequesterService, MessagesWaitForTheRowsBeforeThem) {
  model::NodeInfo info;
  info.node_id = kSelf;
  info.compute_node_info.emplace().execution_engines = {"noop"};
  peers->announce(info);
  turns(20);
  heard.clear();
  store.paused = true;
  std::optional<Result<protocol::ChangeAnswer>> answer;
  async::TaskScope scope(loop);
  scope.spawn("submit", submit(service, batch_submission(), answer));
  turns(20);
  EXPECT_TRUE(heard.empty()) << "the job of this offer is not synced";

  store.sync();
  turns(20);

  EXPECT_EQ(heard, std::vector<std::string>{"Offer"});
  run(scope.join());
}

TEST_F(RequesterService, RepeatedKeyGetsTheFirstAnswerAndAnotherBodyIsRefused) {
  const auto first = submitted(batch_submission("k", 1));
  ASSERT_TRUE(first.has_value());

  EXPECT_EQ(submitted(batch_submission("k", 1)), first);
  EXPECT_EQ(submitted(batch_submission("k", 2)).error().code, Code::AlreadyExists);
  EXPECT_EQ(service.live_jobs(), 1U);
}

TEST_F(RequesterService, KeyUnderWayIsAConflict) {
  store.paused = true;
  std::optional<Result<protocol::ChangeAnswer>> answer;
  async::TaskScope scope(loop);
  scope.spawn("submit", submit(service, batch_submission("k"), answer));
  turns(20);

  EXPECT_EQ(submitted(batch_submission("k")).error().code, Code::FailedPrecondition);

  store.sync();
  run(scope.join());
  EXPECT_TRUE(answer->has_value());
}

TEST_F(RequesterService, RefusesWithoutRoomOnDisk) {
  store.room = fail(Code::OutOfSpace, "the disk is full");

  EXPECT_EQ(submitted(batch_submission()).error().code, Code::OutOfSpace);
  EXPECT_EQ(service.live_jobs(), 0U);
}

TEST_F(RequesterService, StopsALiveJobOnceAndKnowsEndedOnes) {
  const JobId id = submitted(batch_submission())->job_id;

  const auto first = stopped(id);
  const auto again = stopped(id);

  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->was_running);
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(again->was_running);
  EXPECT_EQ(stopped(JobId("j-00000000-0000-4000-8000-000000000000")).error().code, Code::NotFound);
}

TEST_F(RequesterService, CompletedJobCannotBeStopped) {
  Submission submission = batch_submission();
  submission.job.count = 0;
  const JobId id = submitted(std::move(submission))->job_id;

  EXPECT_EQ(stopped(id).error().code, Code::FailedPrecondition);
}

}  // namespace
}  // namespace skrei::orchestrator
