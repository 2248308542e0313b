// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service.hpp"

#include <memory>
#include <optional>
#include <set>
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

Submission batch_submission(const std::string& name = "", std::string word = "") {
  Submission submission;
  submission.job.name = name;
  submission.job.labels = {{"word", std::move(word)}};
  submission.job.type = model::JobType::Batch;
  model::Task task;
  task.name = "main";
  task.engine = {.type = "noop", .params = "{}"};
  submission.job.tasks.push_back(std::move(task));
  return submission;
}

Terms with_key(const std::string& key, std::uint8_t request = 0) {
  Terms terms;
  terms.key = protocol::IdempotencyKey{"client", key};
  terms.request_digest[0] = request;
  return terms;
}

using Answer = std::optional<Result<protocol::ChangeAnswer>>;

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

  /// Keeps what a change is answered.
  static async::Task<void> keep(async::Task<Result<protocol::ChangeAnswer>> change,
                                Answer& answer) {
    answer = co_await std::move(change);
  }
  Result<protocol::ChangeAnswer> done(async::Task<Result<protocol::ChangeAnswer>> change) {
    Answer answer;
    run(keep(std::move(change), answer));
    return *std::move(answer);
  }
  Result<protocol::ChangeAnswer> submitted(Submission submission, Terms terms = {}) {
    return done(service.submit(std::move(submission), std::move(terms)));
  }
  Result<protocol::ChangeAnswer> stopped(JobId job, Terms terms = {}) {
    return done(service.stop_job(std::move(job), "test", std::move(terms)));
  }
  Result<protocol::ChangeAnswer> rerun(JobId job, std::optional<std::uint64_t> version = {},
                                       Terms terms = {}) {
    return done(service.rerun({std::move(job), version, "again"}, std::move(terms)));
  }
  model::Job stored(const JobId& id) {
    std::optional<Result<model::Job>> job;
    run([](jobstore::JobStore& from, JobId wanted,
           std::optional<Result<model::Job>>& found) -> async::Task<void> {
      found = co_await from.get_job(std::move(wanted), std::nullopt);
    }(memory, id, job));
    return **std::move(job);
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
  Answer answer;
  async::TaskScope scope(loop);
  scope.spawn("submit", keep(service.submit(batch_submission()), answer));
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
  Answer answer;
  async::TaskScope scope(loop);
  scope.spawn("submit", keep(service.submit(batch_submission()), answer));
  turns(20);
  EXPECT_TRUE(heard.empty()) << "the job of this offer is not synced";

  store.sync();
  turns(20);

  EXPECT_EQ(heard, std::vector<std::string>{"Offer"});
  run(scope.join());
}

TEST_F(RequesterService, RepeatedKeyGetsTheFirstAnswerAndAnotherBodyIsRefused) {
  const auto first = submitted(batch_submission(), with_key("k", 1));
  ASSERT_TRUE(first.has_value());

  EXPECT_EQ(submitted(batch_submission(), with_key("k", 1)), first);
  EXPECT_EQ(submitted(batch_submission(), with_key("k", 2)).error().code, Code::AlreadyExists);
  EXPECT_EQ(service.live_jobs(), 1U);
}

TEST_F(RequesterService, KeyUnderWayIsAConflict) {
  store.paused = true;
  Answer answer;
  async::TaskScope scope(loop);
  scope.spawn("submit", keep(service.submit(batch_submission(), with_key("k")), answer));
  turns(20);

  EXPECT_EQ(submitted(batch_submission(), with_key("k")).error().code, Code::FailedPrecondition);

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
  const auto events = stored(id).revision;
  const auto again = stopped(id);

  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(stored(id).state.state_type, model::JobStateType::Stopped);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(stored(id).revision, events) << "nothing to do the second time";
  EXPECT_EQ(stopped(JobId("j-00000000-0000-4000-8000-000000000000")).error().code, Code::NotFound);
}

TEST_F(RequesterService, CompletedJobCannotBeStopped) {
  Submission submission = batch_submission();
  submission.job.count = 0;
  const JobId id = submitted(std::move(submission))->job_id;

  EXPECT_EQ(stopped(id).error().code, Code::FailedPrecondition);
}

TEST_F(RequesterService, ASubmissionUnderANameIsItsNextVersion) {
  const auto first = submitted(batch_submission("daily", "one"));
  const auto second = submitted(batch_submission("daily", "two"));

  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->job_id, first->job_id);
  EXPECT_EQ(second->job_version, 2U);
  EXPECT_EQ(service.live_jobs(), 1U);
  const auto same = submitted(batch_submission("daily", "two"));
  EXPECT_EQ(same.error().code, Code::FailedPrecondition);
  Submission elsewhere = batch_submission("daily", "one");
  elsewhere.job.namespace_ = "team";
  EXPECT_NE(submitted(std::move(elsewhere))->job_id, first->job_id) << "another namespace";
}

TEST_F(RequesterService, AJobWithoutANamePaysNothingForNames) {
  ASSERT_TRUE(submitted(batch_submission()));
  ASSERT_TRUE(submitted(batch_submission()));

  EXPECT_EQ(store.look_ups, 0);
  EXPECT_EQ(service.live_jobs(), 2U);
}

TEST_F(RequesterService, SubmissionsUnderOneNameAreDecidedOneAfterTheOther) {
  store.paused = true;
  constexpr int kCallers = 5;
  std::vector<Answer> answers(kCallers);
  async::TaskScope scope(loop);
  for (int i = 0; i < kCallers; ++i) {
    scope.spawn("submit", keep(service.submit(batch_submission("daily", std::to_string(i))),
                               answers[static_cast<std::size_t>(i)]));
  }
  turns(20);
  EXPECT_EQ(service.live_jobs(), 1U);

  store.sync();
  run(scope.join());

  std::set<std::uint64_t> versions;
  for (const Answer& answer : answers) {
    ASSERT_TRUE(answer->has_value()) << answer->error().message;
    EXPECT_EQ((*answer)->job_id, (*answers[0])->job_id);
    versions.insert((*answer)->job_version);
  }
  EXPECT_EQ(versions.size(), answers.size());
  EXPECT_EQ(service.live_jobs(), 1U);
  EXPECT_EQ(stored((*answers[0])->job_id).version, 5U);
}

TEST_F(RequesterService, ACallerThatGoesDoesNotOpenItsNameTooEarly) {
  store.paused = true;
  Answer gone;
  Answer next;
  auto doomed = std::make_unique<async::TaskScope>(loop);
  doomed->spawn("submit", keep(service.submit(batch_submission("daily", "one")), gone));
  turns(20);
  run(doomed->stop());
  async::TaskScope scope(loop);
  scope.spawn("submit", keep(service.submit(batch_submission("daily", "two")), next));
  turns(20);
  EXPECT_FALSE(next.has_value()) << "the first is decided and not yet on the disk";

  store.sync();
  run(scope.join());

  EXPECT_EQ((*next)->job_version, 2U);
  EXPECT_EQ(service.live_jobs(), 1U);
}

TEST_F(RequesterService, AnUpdateSeesAnEndThatIsOnItsWayToTheDisk) {
  const JobId id = submitted(batch_submission("daily", "one"))->job_id;
  store.paused = true;
  Answer stop;
  Answer update;
  async::TaskScope scope(loop);
  scope.spawn("stop", keep(service.stop_job(id, "test"), stop));
  turns(20);
  scope.spawn("update", keep(service.submit(batch_submission("daily", "two")), update));
  turns(20);
  EXPECT_FALSE(update.has_value());

  store.sync();
  run(scope.join());

  ASSERT_TRUE(update->has_value());
  EXPECT_EQ((*update)->job_version, 2U);
  std::optional<Result<model::Job>> old;
  run([](jobstore::JobStore& from, JobId wanted,
         std::optional<Result<model::Job>>& found) -> async::Task<void> {
    found = co_await from.get_job(std::move(wanted), 1);
  }(memory, id, old));
  EXPECT_EQ((*old)->state.state_type, model::JobStateType::Stopped);
  EXPECT_EQ((*old)->state.message, "test") << "as it had ended";
}

TEST_F(RequesterService, RerunsAVersionAndRefusesWhatIsNotThere) {
  const JobId id = submitted(batch_submission("daily", "one"))->job_id;
  EXPECT_EQ(rerun(id).error().code, Code::FailedPrecondition) << "it has not run yet";
  ASSERT_TRUE(submitted(batch_submission("daily", "two")));
  ASSERT_TRUE(stopped(id));

  const auto unknown_job = rerun(JobId("j-00000000-0000-4000-8000-000000000000"));
  const auto unknown_version = rerun(id, 9);

  EXPECT_EQ(unknown_job.error().code, Code::NotFound);
  EXPECT_EQ(unknown_version.error().code, Code::NotFound);
  EXPECT_NE(unknown_version.error().message.find("no version 9"), std::string::npos);
  // v1.9.3 writes nothing any more after either.
  ASSERT_TRUE(submitted(batch_submission()));
  const auto third = rerun(id, 1);
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_EQ(third->job_version, 3U);
  EXPECT_EQ(stored(id).labels.at("word"), "one");
}

TEST_F(RequesterService, KeysWorkForRerunAndStopToo) {
  const JobId id = submitted(batch_submission("daily", "one"))->job_id;
  const auto stop = stopped(id, with_key("s", 1));
  EXPECT_EQ(stopped(id, with_key("s", 1)), stop);
  EXPECT_EQ(stopped(id, with_key("s", 2)).error().code, Code::AlreadyExists);

  const auto again = rerun(id, {}, with_key("r", 1));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(rerun(id, {}, with_key("r", 1)), again) << "although it is Pending now";
  EXPECT_EQ(stored(id).version, 2U);
  EXPECT_EQ(rerun(id, {}, with_key("s", 1)), stop) << "keys are compared by the whole request";
}

TEST_F(RequesterService, ConcurrentRepeatsOfAKeyChangeThingsOnce) {
  const JobId id = submitted(batch_submission("daily", "one"))->job_id;
  ASSERT_TRUE(stopped(id));
  store.paused = true;
  std::vector<Answer> answers(4);
  async::TaskScope scope(loop);
  for (Answer& answer : answers) {
    scope.spawn("rerun", keep(service.rerun({id, std::nullopt, ""}, with_key("r")), answer));
  }
  turns(20);
  store.sync();
  run(scope.join());

  int taken = 0;
  for (const Answer& answer : answers) {
    if (answer->has_value()) {
      ++taken;
    } else {
      EXPECT_EQ(answer->error().code, Code::FailedPrecondition) << "under way";
    }
  }
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(stored(id).version, 2U);
}

TEST_F(RequesterService, ARefusedChangeLeavesItsKeyFree) {
  store.room = fail(Code::OutOfSpace, "the disk is full");
  EXPECT_FALSE(submitted(batch_submission(), with_key("k")));

  store.room = {};

  EXPECT_TRUE(submitted(batch_submission(), with_key("k")));
}

TEST_F(RequesterService, AConditionIsPartOfTheDecision) {
  const auto on_version = [](std::uint64_t wanted) {
    Terms terms;
    terms.condition = [wanted](const model::Job* current) -> Result<void> {
      const std::uint64_t version = current != nullptr ? current->version : 0;
      if (version == wanted) return {};
      return fail(Code::FailedPrecondition, "version {}, not {}", version, wanted);
    };
    return terms;
  };
  const JobId id = submitted(batch_submission("daily", "one"), on_version(0))->job_id;
  store.paused = true;
  Answer first;
  Answer second;
  async::TaskScope scope(loop);
  scope.spawn("a", keep(service.submit(batch_submission("daily", "two"), on_version(1)), first));
  scope.spawn("b", keep(service.submit(batch_submission("daily", "three"), on_version(1)), second));
  turns(20);
  store.sync();
  run(scope.join());

  EXPECT_TRUE(first->has_value());
  EXPECT_EQ(second->error().message, "version 2, not 1");
  EXPECT_EQ(stopped(id, on_version(1)).error().message, "version 2, not 1");
  EXPECT_EQ(service.live_jobs(), 1U);
  EXPECT_TRUE(stopped(id, on_version(2)));
  EXPECT_EQ(rerun(id, {}, on_version(1)).error().message, "version 2, not 1");
  EXPECT_EQ(stored(id).version, 2U);
}

}  // namespace
}  // namespace skrei::orchestrator
