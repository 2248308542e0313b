// SPDX-License-Identifier: Apache-2.0
#include "load/stored_jobs.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "base/clock.hpp"
#include "jobstore/sqlite/sqlite_job_store.hpp"

namespace skrei::bench {
namespace {

using jobstore::sqlite::SqliteJobStore;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr std::size_t kJobsInTransaction = 500;
constexpr Duration kCommitLimit = 60s;

/// What a finished job left in the store.
struct Pattern {
  model::Job job;
  std::vector<model::Execution> executions;
  std::vector<model::JobHistory> history;
};

/// Scattered over all values, as real ids are, and never twice the same.
std::string id_of(std::string_view kind, std::size_t number) {
  const std::uint64_t scattered = number * 0x9e3779b97f4a7c15ULL;
  return fmt::format("{}-{:08x}-0000-4000-8000-{:012x}", kind, scattered >> 32, number);
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the caller waits.
async::Task<Result<Pattern>> newest(jobstore::JobStore& store) {
  CO_TRY_ASSIGN(auto jobs, co_await store.list_jobs(
                               {.direction = jobstore::Direction::Descending, .limit = 1}));
  if (jobs.items.empty()) co_return fail(Code::NotFound, "the store has no job to be copied");
  Pattern pattern{.job = std::move(jobs.items.front()), .executions = {}, .history = {}};
  CO_TRY_ASSIGN(auto executions, co_await store.list_executions({.job_id = pattern.job.id}));
  CO_TRY_ASSIGN(auto history, co_await store.history({.job_id = pattern.job.id}));
  pattern.executions = std::move(executions.items);
  pattern.history = std::move(history.items);
  co_return pattern;
}

/// Copy `number` of `count`, a millisecond younger than the one before; all older than the pattern.
void add_copy(const Pattern& pattern, std::size_t number, std::size_t count,
              protocol::Batch& batch) {
  auto job = std::make_shared<model::Job>(pattern.job);
  job->id = JobId(id_of("j", number));
  job->name = fmt::format("stored-{}", number);
  job->create_time = pattern.job.create_time - (count - number) * 1ms;
  job->modify_time = pattern.job.modify_time - (count - number) * 1ms;
  const ExecutionId execution_id(id_of("e", number));
  for (model::Execution execution : pattern.executions) {
    execution.id = execution_id;
    execution.job_id = job->id;
    execution.create_time = job->create_time;
    execution.modify_time = job->modify_time;
    batch.emplace_back(protocol::PutExecution{std::move(execution)});
  }
  for (const model::JobHistory& row : pattern.history) {
    batch.emplace_back(protocol::AppendEvent{
        .job_id = job->id,
        .job_version = row.job_version,
        .execution_id = row.execution_id.empty() ? ExecutionId() : execution_id,
        .event = row.event});
  }
  batch.emplace_back(protocol::PutJob{std::move(job)});
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the caller waits.
async::Task<Result<void>> write_copies(jobstore::JobStore& store, std::size_t count) {
  CO_TRY_ASSIGN(const Pattern pattern, co_await newest(store));
  for (std::size_t first = 0; first < count; first += kJobsInTransaction) {
    protocol::Batch batch;
    const std::size_t end = std::min(count, first + kJobsInTransaction);
    for (std::size_t number = first; number < end; ++number)
      add_copy(pattern, number, count, batch);
    const auto synced = std::make_shared<async::Event>(async::Event::Reset::Manual);
    store.commit(std::move(batch), [synced] { synced->set(); });
    CO_TRY(co_await synced->wait(kCommitLimit));
  }
  co_return Result<void>();
}

}  // namespace

Result<void> copy_newest_job(e2e::Runner& runner, const std::filesystem::path& data_dir,
                             std::size_t count) {
  const SystemClock clock;
  const auto die = [](const Error& error) {
    std::fprintf(stderr, "the store cannot be filled: %s\n", error.message.c_str());
    std::abort();
  };
  TRY_ASSIGN(const auto store,
             SqliteJobStore::open(runner.loop(), clock, {.folder = data_dir, .on_fatal = die}));
  auto written = runner.run(write_copies(*store, count));
  runner.run(store->stop());
  return written;
}

}  // namespace skrei::bench
