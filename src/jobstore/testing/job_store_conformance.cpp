// SPDX-License-Identifier: Apache-2.0
#include "jobstore/testing/job_store_conformance.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "jobstore/query.hpp"

namespace skrei::jobstore::testing {
namespace {

using model::JobStateType;

model::Job job_of(std::string id, int created, JobStateType state = JobStateType::Running) {
  model::Job job;
  job.id = JobId(std::move(id));
  job.name = "name of " + job.id.str();
  job.type = model::JobType::Batch;
  job.tasks.push_back({.name = "main", .engine = {.type = "noop"}});
  job.state.state_type = state;
  job.version = 1;
  job.create_time = WallTime(std::chrono::seconds(created));
  job.modify_time = WallTime(std::chrono::seconds(1000 - created));
  return job;
}

protocol::PutJob put_job(model::Job job) {
  return {std::make_shared<const model::Job>(std::move(job))};
}

model::Execution execution_of(std::string id, const model::Job& job, int created) {
  model::Execution execution;
  execution.id = ExecutionId(std::move(id));
  execution.job_id = job.id;
  execution.job_version = job.version;
  execution.node_id = NodeId("n-1");
  execution.epoch = 3;
  execution.create_time = WallTime(std::chrono::seconds(created));
  execution.run_output = model::RunOutput{.stdout_text = std::string("a\0\xff", 3), .exit_code = 7};
  return execution;
}

protocol::AppendEvent event_of(const model::Job& job, std::string message,
                               std::string execution = "") {
  return {.job_id = job.id,
          .job_version = job.version,
          .execution_id = ExecutionId(std::move(execution)),
          .event = {.message = std::move(message), .topic = "Execution"}};
}

protocol::HostedExecution hosted_of(std::string id, const model::Job& job) {
  protocol::HostedExecution hosted;
  hosted.id = ExecutionId(std::move(id));
  hosted.requester = NodeId("n-2");
  hosted.job = std::make_shared<const model::Job>(job);
  hosted.epoch = 4;
  hosted.resources = {.cpu_millis = 500, .memory_bytes = 1 << 20};
  hosted.phase = protocol::HostedPhase::Running;
  hosted.accept_time = WallTime(std::chrono::seconds(5));
  hosted.start_time = WallTime(std::chrono::seconds(6));
  return hosted;
}

std::vector<std::string> ids_of(const std::vector<model::Job>& jobs) {
  std::vector<std::string> ids;
  for (const model::Job& job : jobs)
    ids.push_back(job.id.str());
  return ids;
}

async::Task<void> wait_synced(JobStore& store, protocol::Batch batch) {
  async::Event synced(async::Event::Reset::Manual);
  store.commit(std::move(batch), [&synced] { synced.set(); });
  EXPECT_TRUE(co_await synced.wait(std::chrono::seconds(30)));
}

template <class T>
async::Task<void> keep(async::Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

}  // namespace

void JobStoreConformance::close() {
  if (store_ == nullptr) return;
  loop_.run_task(store_->stop());
  store_.reset();
}

void JobStoreConformance::reopen() {
  close();
  store_ = GetParam().open(loop_, clock_, folder_.path());
  ASSERT_NE(store_, nullptr);
}

template <class T>
T JobStoreConformance::run(async::Task<T> task) {
  std::optional<T> result;
  loop_.run_task(keep(std::move(task), result));
  return *std::move(result);
}

void JobStoreConformance::put(protocol::Batch batch) {
  loop_.run_task(wait_synced(*store_, std::move(batch)));
}

TEST_P(JobStoreConformance, GivesBackWhatWasPut) {
  const model::Job job = job_of("j-1", 1);
  put({put_job(job), protocol::PutExecution{execution_of("e-1", job, 2)}});

  EXPECT_EQ(*run(store_->find_job("j-1", "")), job);
  const auto executions = run(store_->list_executions({.job_id = job.id}));
  ASSERT_EQ(executions->items.size(), 1u);
  EXPECT_EQ(executions->items[0], execution_of("e-1", job, 2));
}

TEST_P(JobStoreConformance, TheLastOfSeveralRowsOfOneBatchStays) {
  const model::Job waiting = job_of("j-1", 1, JobStateType::Queued);
  const model::Job placed = job_of("j-1", 1);
  model::Execution execution = execution_of("e-1", placed, 2);
  protocol::HostedExecution hosted = hosted_of("e-1", placed);
  hosted.phase = protocol::HostedPhase::Waiting;
  protocol::Batch batch = {put_job(waiting), protocol::PutExecution{execution},
                           event_of(waiting, "first"), protocol::PutHosted{hosted},
                           protocol::PutHosted{hosted_of("e-2", placed)}};
  execution.epoch = 4;
  hosted.phase = protocol::HostedPhase::Running;
  batch.insert(batch.end(),
               {put_job(placed), protocol::PutExecution{execution}, event_of(placed, "second"),
                protocol::PutHosted{hosted}, protocol::RemoveHosted{ExecutionId("e-2")}});
  put(std::move(batch));

  EXPECT_EQ(*run(store_->find_job("j-1", "")), placed);
  EXPECT_EQ(run(store_->list_executions({.job_id = placed.id}))->items[0], execution);
  EXPECT_EQ(run(store_->history({.job_id = placed.id}))->items.size(), 2u);
  const auto recovered = run(store_->recover());
  ASSERT_EQ(recovered->hosted.size(), 1u);
  EXPECT_EQ(recovered->hosted[0].phase, protocol::HostedPhase::Running);
}

TEST_P(JobStoreConformance, RetentionHeedsTheRowsBeforeItInItsBatch) {
  const model::Job ended = job_of("j-1", 1, JobStateType::Completed);
  put({put_job(ended), event_of(ended, "first life")});

  // Live again when retention comes, ended again after it.
  put({put_job(job_of("j-1", 1)), protocol::RemoveEndedJob{ended.id}, put_job(ended)});

  EXPECT_EQ(run(store_->history({.job_id = ended.id}))->items.size(), 1u);
}

TEST_P(JobStoreConformance, PutReplacesTheRecordOfTheSameId) {
  model::Job job = job_of("j-1", 1);
  put({put_job(job)});
  job.state = {JobStateType::Failed, "no node", {{"Reason", "memory"}}};
  put({put_job(job)});

  EXPECT_EQ(*run(store_->find_job("j-1", "")), job);
  EXPECT_EQ(run(store_->list_jobs({}))->items.size(), 1u);
}

TEST_P(JobStoreConformance, AnswersBatchesInTheOrderOfTheCommits) {
  std::vector<int> order;
  for (int i = 0; i < 50; ++i) {
    store_->commit({put_job(job_of(fmt::format("j-{}", i), i))},
                   [&order, i] { order.push_back(i); });
  }
  put({});

  ASSERT_EQ(order.size(), 50u);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(order[i], i);
}

TEST_P(JobStoreConformance, StopAnswersWhatWasCommittedBefore) {
  bool synced = false;
  store_->commit({put_job(job_of("j-1", 1))}, [&synced] { synced = true; });
  loop_.run_task(store_->stop());
  loop_.run_task([]() -> async::Task<void> {
    co_return;
  }());

  EXPECT_TRUE(synced);
}

TEST_P(JobStoreConformance, PagesNeitherRepeatNorSkipWhenJobsAreInserted) {
  protocol::Batch batch;
  for (int i = 0; i < 7; ++i)
    batch.push_back(put_job(job_of(fmt::format("j-{}", i), i)));
  put(std::move(batch));

  for (const Direction direction : {Direction::Ascending, Direction::Descending}) {
    JobQuery query{.direction = direction, .limit = 3};
    std::vector<std::string> seen;
    for (int page_number = 0; page_number < 3; ++page_number) {
      const auto page = run(store_->list_jobs(query));
      for (const std::string& id : ids_of(page->items))
        seen.push_back(id);
      query.after = page->next;
      // Lies before every place of the ascending walk and behind none of the descending one.
      put({put_job(job_of("j-early", -1))});
      if (!page->next) break;
    }
    if (direction == Direction::Descending) {
      ASSERT_FALSE(seen.empty());
      EXPECT_EQ(seen.front(), "j-6");
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
    for (int i = 0; i < 7; ++i) {
      EXPECT_TRUE(std::binary_search(seen.begin(), seen.end(), fmt::format("j-{}", i))) << i;
    }
  }
}

TEST_P(JobStoreConformance, ListsByModifyTimeNamespaceAndLabels) {
  model::Job red = job_of("j-red", 1);
  red.labels = {{"colour", "red"}};
  model::Job blue = job_of("j-blue", 2);
  blue.namespace_ = "other";
  put({put_job(red), put_job(blue)});

  EXPECT_EQ(ids_of(run(store_->list_jobs({.order_by = OrderBy::ModifyTime}))->items),
            (std::vector<std::string>{"j-blue", "j-red"}));
  EXPECT_EQ(ids_of(run(store_->list_jobs({.namespace_ = "other"}))->items),
            (std::vector<std::string>{"j-blue"}));
  EXPECT_EQ(run(store_->list_jobs({.namespace_ = "*"}))->items.size(), 2u);
  EXPECT_EQ(ids_of(run(store_->list_jobs({.labels = *model::parse_selector("colour=red")}))->items),
            (std::vector<std::string>{"j-red"}));
}

TEST_P(JobStoreConformance, FindsJobsByNameIdAndUniqueBeginning) {
  model::Job one = job_of("j-11111111-aaaa", 1);
  model::Job two = job_of("j-11111111-bbbb", 2);
  model::Job three = job_of("j-22222222-cccc", 3);
  three.name = "daily";
  three.namespace_ = "team";
  put({put_job(one), put_job(two), put_job(three)});

  EXPECT_EQ(run(store_->find_job("daily", "team"))->id, three.id);
  EXPECT_EQ(run(store_->find_job("daily", "default")).error().code, Code::NotFound);
  EXPECT_EQ(run(store_->find_job("22222222", ""))->id, three.id);
  EXPECT_EQ(run(store_->find_job("j-11111111-a", ""))->id, one.id);
  const auto ambiguous = run(store_->find_job("j-11111111", ""));
  EXPECT_EQ(ambiguous.error().code, Code::InvalidArgument);
  EXPECT_NE(ambiguous.error().message.find("j-11111111-bbbb"), std::string::npos);
  EXPECT_EQ(run(store_->find_job("j-1", "")).error().code, Code::NotFound);
  EXPECT_EQ(run(store_->find_job("%", "")).error().code, Code::NotFound);
}

TEST_P(JobStoreConformance, ANameIsLookedUpInItsNamespaceAndAnIdInAll) {
  model::Job here = job_of("j-11111111-aaaa", 1);
  here.name = "daily";
  model::Job there = job_of("j-22222222-bbbb", 2);
  there.name = "daily";
  there.namespace_ = "team";
  put({put_job(here), put_job(there)});

  EXPECT_EQ(run(store_->find_job("daily", ""))->id, here.id) << "default where nothing is said";
  EXPECT_EQ(run(store_->find_job("daily", "team"))->id, there.id);
  EXPECT_EQ(run(store_->find_job("daily", "*"))->id, there.id) << "the newest of all";
  EXPECT_EQ(run(store_->find_job("j-22222222-bbbb", "default"))->id, there.id);
  EXPECT_EQ(run(store_->find_job("j-22222222", ""))->id, there.id);

  EXPECT_EQ(**run(store_->named_job("daily", "team")), there);
  EXPECT_FALSE(run(store_->named_job("daily", "other"))->has_value());
  EXPECT_FALSE(run(store_->named_job(there.id.str(), "team"))->has_value()) << "an id is no name";
}

TEST_P(JobStoreConformance, KeepsEveryVersionOfAJob) {
  model::Job first = job_of("j-1", 1, JobStateType::Stopped);
  model::Job second = job_of("j-1", 2, JobStateType::Completed);
  second.version = 2;
  model::Job third = job_of("j-1", 3);
  third.version = 3;
  model::Job other = job_of("j-10", 4);
  put({put_job(first), put_job(other)});
  put({protocol::PutJobVersion{std::make_shared<const model::Job>(first)}, put_job(second)});
  put({protocol::PutJobVersion{std::make_shared<const model::Job>(second)}, put_job(third)});
  if (GetParam().durable) reopen();

  EXPECT_EQ(*run(store_->get_job(first.id, std::nullopt)), third);
  EXPECT_EQ(*run(store_->get_job(first.id, 1)), first);
  EXPECT_EQ(*run(store_->get_job(first.id, 2)), second);
  EXPECT_EQ(*run(store_->get_job(first.id, 3)), third);
  const auto none = run(store_->get_job(first.id, 4));
  EXPECT_EQ(none.error().code, Code::NotFound);
  EXPECT_EQ(none.error().message, "job j-1 has no version 4");
  EXPECT_EQ(run(store_->get_job(JobId("j-none"), 1)).error().code, Code::NotFound);

  EXPECT_EQ(run(store_->job_versions({.job_id = first.id}))->items,
            (std::vector<model::Job>{first, second, third}));
  const auto page = run(store_->job_versions({.job_id = first.id, .limit = 2}));
  EXPECT_EQ(page->items, (std::vector<model::Job>{first, second}));
  ASSERT_TRUE(page->next);
  const auto rest = run(store_->job_versions(
      {.job_id = first.id, .after_version = static_cast<std::uint64_t>(page->next->time_ns)}));
  EXPECT_EQ(rest->items, (std::vector<model::Job>{third}));
  EXPECT_FALSE(rest->next);
  EXPECT_EQ(run(store_->list_jobs({}))->items.size(), 2u)
      << "old versions are no jobs of their own";
}

TEST_P(JobStoreConformance, RecoversTheCurrentVersionAlone) {
  model::Job old = job_of("j-1", 1, JobStateType::Stopped);
  model::Job current = job_of("j-1", 2);
  current.version = 2;
  put({put_job(old), protocol::PutExecution{execution_of("e-old", old, 1)}});
  put({protocol::PutJobVersion{std::make_shared<const model::Job>(old)}, put_job(current),
       protocol::PutExecution{execution_of("e-new", current, 2)}});

  const auto recovered = run(store_->recover());
  EXPECT_EQ(recovered->jobs, std::vector<model::Job>{current});
  ASSERT_EQ(recovered->executions.size(), 1u);
  EXPECT_EQ(recovered->executions[0].id, ExecutionId("e-new"));
}

TEST_P(JobStoreConformance, HistoryIsNumberedFilteredAndPaged) {
  const model::Job job = job_of("j-1", 1);
  const model::Job other = job_of("j-2", 2);
  put({event_of(job, "a"), event_of(other, "x"), event_of(job, "b", "e-1"),
       event_of(job, "c", "e-2")});

  HistoryQuery query{.job_id = job.id, .limit = 2};
  const auto first = run(store_->history(query));
  ASSERT_EQ(first->items.size(), 2u);
  ASSERT_TRUE(first->next);
  query.after_seq = first->items.back().seq_num;
  const auto second = run(store_->history(query));
  ASSERT_EQ(second->items.size(), 1u);
  EXPECT_EQ(second->items[0].event.message, "c");
  EXPECT_FALSE(second->next);
  EXPECT_LT(first->items[0].seq_num, first->items[1].seq_num);
  EXPECT_EQ(first->items[0].time, clock_.now());

  const auto jobs_only =
      run(store_->history({.job_id = job.id, .type = model::HistoryType::JobLevel}));
  ASSERT_EQ(jobs_only->items.size(), 1u);
  EXPECT_EQ(jobs_only->items[0].event.message, "a");
  const auto of_one = run(store_->history({.job_id = job.id, .execution_id = ExecutionId("e-2")}));
  ASSERT_EQ(of_one->items.size(), 1u);
  EXPECT_EQ(of_one->items[0].event.message, "c");
  EXPECT_TRUE(
      run(store_->history({.job_id = job.id, .since = clock_.now() + Duration(1)}))->items.empty());
}

TEST_P(JobStoreConformance, RemembersIdempotencyKeysPerClient) {
  protocol::PutIdempotencyKey row;
  row.key = {"client", "key"};
  row.body_digest.fill(9);
  row.answer = {JobId("j-1"), 3, "v-1", {"first warning", "second"}};
  put({row});

  const auto found = run(store_->find_idempotency_key({"client", "key"}));
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->answer, row.answer);
  EXPECT_EQ((*found)->body_digest, row.body_digest);
  EXPECT_FALSE(run(store_->find_idempotency_key({"other", "key"}))->has_value());
}

TEST_P(JobStoreConformance, RecoversWhatHadNotEndedAndNothingElse) {
  const model::Job live = job_of("j-live", 1);
  const model::Job ended = job_of("j-ended", 2, JobStateType::Completed);
  protocol::HostedExecution finished = hosted_of("e-3", ended);
  finished.phase = protocol::HostedPhase::Finished;
  finished.result = protocol::ExecutionResult{
      .kind = protocol::OutcomeKind::Failed,
      .fault = protocol::Fault::Job,
      .message = "trapped",
      .details = {{"Hint", "none"}},
      .published = {"ipfs", R"({"CID":"bafy"})"},
      .run_output = model::RunOutput{.stdout_text = "\xff", .exit_code = 1},
      .task_key = "bafk",
      .peak_usage = model::PeakUsage{1, 2, std::chrono::microseconds(3)}};
  put({put_job(live), put_job(ended), protocol::PutExecution{execution_of("e-1", live, 1)},
       protocol::PutExecution{execution_of("e-2", ended, 1)},
       protocol::PutHosted{hosted_of("e-1", live)}, protocol::PutHosted{finished},
       protocol::PutHosted{hosted_of("e-4", live)}, protocol::RemoveHosted{ExecutionId("e-4")}});
  if (GetParam().durable) reopen();

  const auto recovered = run(store_->recover());
  EXPECT_EQ(ids_of(recovered->jobs), (std::vector<std::string>{"j-live"}));
  ASSERT_EQ(recovered->executions.size(), 1u);
  EXPECT_EQ(recovered->executions[0], execution_of("e-1", live, 1));
  ASSERT_EQ(recovered->hosted.size(), 2u);
  EXPECT_EQ(*recovered->hosted[0].job, live);
  EXPECT_EQ(recovered->hosted[0].phase, protocol::HostedPhase::Running);
  EXPECT_EQ(recovered->hosted[0].start_time, WallTime(std::chrono::seconds(6)));
  EXPECT_EQ(recovered->hosted[0].resources.cpu_millis, 500u);
  EXPECT_EQ(recovered->hosted[1].result, finished.result);
  EXPECT_EQ(recovered->hosted[1].epoch, 4u);
}

TEST_P(JobStoreConformance, AHostedRecordIsReplacedByItsId) {
  protocol::HostedExecution hosted = hosted_of("e-1", job_of("j-1", 1));
  put({protocol::PutHosted{hosted}});
  hosted.phase = protocol::HostedPhase::Stopping;
  hosted.revision = 9;
  hosted.stop = protocol::ExecutionResult{.kind = protocol::OutcomeKind::Cancelled};
  put({protocol::PutHosted{hosted}});

  const auto recovered = run(store_->recover());
  ASSERT_EQ(recovered->hosted.size(), 1u);
  EXPECT_EQ(recovered->hosted[0].phase, protocol::HostedPhase::Stopping);
  EXPECT_EQ(recovered->hosted[0].revision, 9u);
  EXPECT_EQ(recovered->hosted[0].stop, hosted.stop);
}

TEST_P(JobStoreConformance, CountsJobsByState) {
  put({put_job(job_of("j-1", 1)), put_job(job_of("j-2", 2)),
       put_job(job_of("j-3", 3, JobStateType::Failed))});

  std::uint64_t running = 0;
  std::uint64_t failed = 0;
  for (const StateCount& count : *run(store_->count_jobs())) {
    if (count.state == JobStateType::Running) running = count.jobs;
    if (count.state == JobStateType::Failed) failed = count.jobs;
  }
  EXPECT_EQ(running, 2u);
  EXPECT_EQ(failed, 1u);
}

std::vector<std::string> ids_of(const std::vector<ExpiredJob>& expired) {
  std::vector<std::string> ids;
  for (const ExpiredJob& job : expired)
    ids.push_back(job.id.str());
  return ids;
}

TEST_P(JobStoreConformance, ListsWhatIsExpiredByAgeOrByCountTheOldestEndFirst) {
  // job_of(…, n) was modified at second 1000 - n.
  put({put_job(job_of("j-live", 900)), put_job(job_of("j-1", 800, JobStateType::Completed)),
       put_job(job_of("j-2", 700, JobStateType::Failed)),
       put_job(job_of("j-3", 600, JobStateType::Stopped))});
  const auto at = [](int second) {
    return WallTime(std::chrono::seconds(second));
  };
  const auto expired = [&](ExpiryQuery query) {
    return ids_of(*run(store_->list_expired(query)));
  };

  EXPECT_EQ(expired({.ended_before = at(200), .ended_jobs_max = 10}), std::vector<std::string>{});
  EXPECT_EQ(expired({.ended_before = at(201), .ended_jobs_max = 10}),
            std::vector<std::string>{"j-1"});
  EXPECT_EQ(expired({.ended_before = at(0), .ended_jobs_max = 1}),
            (std::vector<std::string>{"j-1", "j-2"}));
  EXPECT_EQ(expired({.ended_before = at(5000), .ended_jobs_max = 1}),
            (std::vector<std::string>{"j-1", "j-2", "j-3"}));
  EXPECT_EQ(expired({.ended_before = at(5000), .ended_jobs_max = 1, .limit = 2}),
            (std::vector<std::string>{"j-1", "j-2"}));
}

TEST_P(JobStoreConformance, ARemovedJobTakesAllOfItsRowsAndNoOthers) {
  const model::Job gone = job_of("j-gone", 1, JobStateType::Completed);
  const model::Job stays = job_of("j-stays", 2, JobStateType::Completed);
  const auto key_of = [](const model::Job& job) {
    return protocol::PutIdempotencyKey{.key = {"client", "key of " + job.id.str()},
                                       .answer = {.job_id = job.id}};
  };
  put({put_job(gone), put_job(stays), protocol::PutExecution{execution_of("e-1", gone, 1)},
       protocol::PutExecution{execution_of("e-2", stays, 1)}, event_of(gone, "a"),
       event_of(stays, "b"), event_of(gone, "c", "e-1"), key_of(gone), key_of(stays),
       protocol::PutJobVersion{std::make_shared<const model::Job>(gone)}});
  const auto expired = run(store_->list_expired({.ended_before = WallTime::max()}));
  ASSERT_EQ(expired->size(), 2u);
  EXPECT_EQ((*expired)[1].executions, std::vector{ExecutionId("e-1")});

  put({protocol::RemoveEndedJob{gone.id}, event_of(stays, "d")});

  EXPECT_EQ(run(store_->find_job("j-gone", "")).error().code, Code::NotFound);
  EXPECT_TRUE(run(store_->list_executions({.job_id = gone.id}))->items.empty());
  EXPECT_TRUE(run(store_->job_versions({.job_id = gone.id}))->items.empty());
  EXPECT_TRUE(run(store_->history({.job_id = gone.id}))->items.empty());
  EXPECT_FALSE(run(store_->find_idempotency_key(key_of(gone).key))->has_value());
  EXPECT_EQ(*run(store_->find_job("j-stays", "")), stays);
  EXPECT_EQ(run(store_->list_executions({.job_id = stays.id}))->items.size(), 1u);
  const auto history = run(store_->history({.job_id = stays.id}))->items;
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(run(store_->history({.job_id = stays.id, .after_seq = history[0].seq_num}))
                ->items.at(0)
                .event.message,
            "d");
  EXPECT_TRUE(run(store_->find_idempotency_key(key_of(stays).key))->has_value());
}

TEST_P(JobStoreConformance, ALiveJobIsNeverRemoved) {
  put({put_job(job_of("j-1", 1)), event_of(job_of("j-1", 1), "a")});

  put({protocol::RemoveEndedJob{JobId("j-1")}, protocol::RemoveEndedJob{JobId("j-unknown")}});

  EXPECT_TRUE(run(store_->find_job("j-1", "")));
  EXPECT_EQ(run(store_->history({.job_id = JobId("j-1")}))->items.size(), 1u);
}

TEST_P(JobStoreConformance, ALargeJobGoesInSeveralBatches) {
  const model::Job job = job_of("j-large", 1, JobStateType::Completed);
  protocol::Batch rows{put_job(job)};
  for (int i = 0; i < 25; ++i)
    rows.push_back(event_of(job, fmt::format("event {}", i)));
  put(std::move(rows));

  int batches = 0;
  while (!run(store_->list_expired({.ended_before = WallTime::max()}))->empty()) {
    ASSERT_LT(++batches, 10);
    put({protocol::RemoveEndedJob{job.id, 10}});
  }

  EXPECT_LE(batches, 3);
  EXPECT_TRUE(run(store_->history({.job_id = job.id}))->items.empty());
}

TEST_P(JobStoreConformance, SequenceNumbersGoOnAfterARestart) {
  if (!GetParam().durable) GTEST_SKIP() << "the store forgets by design";
  const model::Job job = job_of("j-1", 1);
  put({event_of(job, "before")});
  reopen();
  put({event_of(job, "after")});

  const auto page = run(store_->history({.job_id = job.id}));
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_LT(page->items[0].seq_num, page->items[1].seq_num);
}

TEST_P(JobStoreConformance, EventsOfAllJobsComeInOrderWithTheirJobs) {
  const model::Job one = job_of("j-1", 1);
  const model::Job two = job_of("j-2", 2, JobStateType::Completed);
  put({put_job(one), put_job(two), event_of(one, "a"), event_of(two, "b", "e-1")});
  put({event_of(one, "c")});

  const auto page = run(store_->events_after(0, 2));
  ASSERT_EQ(page->events.size(), 2u);
  EXPECT_FALSE(page->has_gap);
  EXPECT_EQ(page->events[0].item.event.message, "a");
  EXPECT_EQ(*page->events[0].job, one);
  EXPECT_EQ(page->events[1].item.execution_id, ExecutionId("e-1"));
  EXPECT_EQ(page->events[1].item.type, model::HistoryType::ExecutionLevel);
  EXPECT_EQ(*page->events[1].job, two);
  const auto rest = run(store_->events_after(page->events[1].item.seq_num, 10));
  ASSERT_EQ(rest->events.size(), 1u);
  EXPECT_EQ(rest->events[0].item.event.message, "c");
  EXPECT_EQ(rest->events[0].item.seq_num, store_->last_event());
  const auto nothing = run(store_->events_after(store_->last_event(), 10));
  EXPECT_TRUE(nothing->events.empty());
  EXPECT_FALSE(nothing->has_gap);
  EXPECT_EQ(run(store_->list_jobs({}))->last_event, store_->last_event());
}

TEST_P(JobStoreConformance, TellsWhenEventsAreSynced) {
  const model::Job job = job_of("j-1", 1);
  std::vector<std::uint64_t> heard;
  bool synced = false;
  store_->on_events([&] {
    EXPECT_TRUE(synced) << "told before the answer";
    heard.push_back(store_->last_event());
  });
  EXPECT_EQ(store_->last_event(), 0u);

  store_->commit({put_job(job), event_of(job, "a"), event_of(job, "b")}, [&] { synced = true; });
  put({});
  put({put_job(job)});
  EXPECT_EQ(heard, (std::vector<std::uint64_t>{2})) << "rows without events are not told";
  if (GetParam().durable) {
    reopen();
    EXPECT_EQ(store_->last_event(), 2u);
  }
}

TEST_P(JobStoreConformance, AnEventWhoseJobIsNotKeptIsAGap) {
  const model::Job job = job_of("j-1", 1);
  put({event_of(job_of("j-gone", 1), "a"), put_job(job), event_of(job, "b")});

  EXPECT_TRUE(run(store_->events_after(0, 10))->has_gap);
  EXPECT_FALSE(run(store_->events_after(1, 10))->has_gap);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(JobStoreConformance);

}  // namespace skrei::jobstore::testing
