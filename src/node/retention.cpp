// SPDX-License-Identifier: Apache-2.0
#include "node/retention.hpp"

#include <charconv>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "model/time_text.hpp"
#include "node/retention_clock.hpp"

namespace skrei::node {
namespace {

/// Jobs that are looked at together, and that leave the store in one batch.
constexpr std::size_t kJobsPerRound = 64;
constexpr std::size_t kJobsPerBatch = 16;
/// Between two steps of collection others have their turn at index and disk.
constexpr Duration kStepPause = std::chrono::milliseconds(2);
constexpr Duration kCommitLimit = std::chrono::minutes(1);
constexpr Duration kPauseLimit = std::chrono::minutes(2);

std::optional<WallTime> read_clock(const std::filesystem::path& file) {
  const auto bytes = read_file(file, 64);
  if (!bytes) return std::nullopt;
  const std::string_view text = as_chars(*bytes);
  std::int64_t nanoseconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
  if (parsed.ec != std::errc()) return std::nullopt;
  return WallTime(Duration(nanoseconds));
}

api::RetentionTotals operator-(const api::RetentionTotals& a, const api::RetentionTotals& b) {
  return {.jobs = a.jobs - b.jobs,
          .outputs = a.outputs - b.outputs,
          .blocks = a.blocks - b.blocks,
          .block_bytes = a.block_bytes - b.block_bytes,
          .freed_bytes = a.freed_bytes - b.freed_bytes,
          .failures = a.failures - b.failures};
}

}  // namespace

struct Retention::State {
  State(Parts parts_, Options options_)
      : parts(parts_),
        options(std::move(options_)),
        retention_clock(read_clock(options.clock_file), parts.clock.now(), parts.clock.boot_now()),
        scope(parts.loop) {}

  async::Task<void> run();
  async::Task<Result<void>> pass();
  /// Reads the clock, keeps it for the next run, and says when the wall clock is not believed.
  async::Task<WallTime> read_time();
  async::Task<Result<void>> remove_jobs(WallTime now);
  async::Task<Result<void>> remove_round(std::vector<jobstore::ExpiredJob> jobs);
  async::Task<Result<void>> commit(protocol::Batch rows);
  async::Task<Result<void>> collect(WallTime now);
  bool goes_on() const { return pauses == 0; }

  Parts parts;
  Options options;
  RetentionClock retention_clock;
  bool said_doubt = false;
  BootTime collected_at{};
  api::RetentionTotals totals;
  int pauses = 0;
  bool passing = false;
  async::WaitQueue idle;
  async::TaskScope scope;
};

async::Task<void> Retention::State::run() {
  while (true) {
    if (!co_await async::sleep_for(options.interval)) co_return;
    if (!goes_on()) continue;
    passing = true;
    const api::RetentionTotals before = totals;
    const Result<void> done = co_await pass();
    passing = false;
    idle.notify_all();
    const api::RetentionTotals removed = totals - before;
    if (removed.jobs + removed.outputs + removed.blocks + removed.freed_bytes > 0) {
      log::info("retention", {{"jobs", removed.jobs},
                              {"outputs", removed.outputs},
                              {"blocks", removed.blocks},
                              {"block_bytes", removed.block_bytes},
                              {"freed_bytes", removed.freed_bytes}});
    }
    if (done) continue;
    if (done.error().code == Code::Cancelled) co_return;
    ++totals.failures;
    log::warn("retention could not finish; it tries again",
              {{"why", done.error().message}, {"in", model::format_duration(options.interval)}});
  }
}

async::Task<WallTime> Retention::State::read_time() {
  const WallTime now = retention_clock.read(parts.clock.now(), parts.clock.boot_now());
  const bool doubt = retention_clock.doubted_since().has_value();
  if (doubt != said_doubt) {
    said_doubt = doubt;
    log::warn(
        doubt ? "the wall clock jumped; retention goes by the time that has passed, until "
                "the clock agrees or a day is over"
              : "retention follows the wall clock again",
        {{"wall", model::format_time(parts.clock.now())}, {"retention", model::format_time(now)}});
  }
  const std::string text = fmt::format("{}\n", now.time_since_epoch().count());
  const auto kept = co_await async::blocking(
      parts.pool, [&] { return write_file_atomically(options.clock_file, as_bytes(text)); });
  // The next run then has to doubt its clock for a day: that is all.
  if (!kept) log::debug("retention's clock was not kept", {{"why", kept.error().message}});
  co_return now;
}

async::Task<Result<void>> Retention::State::pass() {
  const WallTime now = co_await read_time();
  CO_TRY(co_await remove_jobs(now));
  CO_TRY_ASSIGN(const std::size_t old,
                co_await parts.output.remove_older(now - options.output_age));
  totals.outputs += old;
  const BootTime boot = parts.clock.boot_now();
  if (boot - collected_at < options.collect_interval) co_return Result<void>();
  collected_at = boot;
  co_return co_await collect(now);
}

async::Task<Result<void>> Retention::State::remove_jobs(WallTime now) {
  const jobstore::ExpiryQuery query{.ended_before = now - options.job_age,
                                    .ended_jobs_max = options.jobs_max,
                                    .limit = kJobsPerRound};
  while (goes_on()) {
    CO_TRY_ASSIGN(auto jobs, co_await parts.store.list_expired(query));
    if (jobs.empty()) break;
    CO_TRY(co_await remove_round(std::move(jobs)));
  }
  co_return Result<void>();
}

async::Task<Result<void>> Retention::State::remove_round(std::vector<jobstore::ExpiredJob> jobs) {
  std::vector<JobId> ids;
  std::vector<ExecutionId> executions;
  for (jobstore::ExpiredJob& job : jobs) {
    ids.push_back(job.id);
    executions.insert(executions.end(), job.executions.begin(), job.executions.end());
  }
  for (publisher::Publisher* driver : parts.publishers.all())
    CO_TRY(co_await driver->withdraw(ids));
  CO_TRY_ASSIGN(const std::size_t outputs, co_await parts.output.remove(std::move(executions)));
  totals.outputs += outputs;
  for (std::size_t at = 0; at < ids.size(); at += kJobsPerBatch) {
    protocol::Batch rows;
    for (std::size_t i = at; i < std::min(at + kJobsPerBatch, ids.size()); ++i)
      rows.push_back(protocol::RemoveEndedJob{ids[i]});
    totals.jobs += rows.size();
    CO_TRY(co_await commit(std::move(rows)));
  }
  co_return Result<void>();
}

async::Task<Result<void>> Retention::State::commit(protocol::Batch rows) {
  // Shared with the commit, which may outlive a cancelled caller.
  auto synced = std::make_shared<async::Event>(async::Event::Reset::Manual);
  parts.store.commit(std::move(rows), [synced] { synced->set(); });
  co_return co_await synced->wait(kCommitLimit);
}

async::Task<Result<void>> Retention::State::collect(WallTime now) {
  while (goes_on()) {
    CO_TRY_ASSIGN(const content::CollectStep step,
                  co_await async::blocking(parts.pool, [&] { return parts.content.collect(now); }));
    totals.blocks += step.blocks_removed;
    totals.block_bytes += step.bytes_removed;
    totals.freed_bytes += step.bytes_freed;
    if (step.done) break;
    CO_TRY(co_await async::sleep_for(kStepPause));
  }
  co_return Result<void>();
}

Retention::Retention(Parts parts, Options options)
    : state_(std::make_unique<State>(parts, std::move(options))) {}

Retention::~Retention() = default;

void Retention::start() {
  state_->scope.spawn("retention", state_->run());
}

async::Task<void> Retention::stop() {
  co_await state_->scope.stop();
}

const api::RetentionTotals& Retention::totals() const {
  return state_->totals;
}

async::Task<Result<void>> Retention::pause() {
  ++state_->pauses;
  const BootTime deadline = state_->parts.clock.boot_now() + kPauseLimit;
  while (state_->passing) {
    const Duration left = deadline - state_->parts.clock.boot_now();
    Result<void> waited = co_await state_->idle.wait(std::max(left, Duration(0)));
    if (waited) continue;
    --state_->pauses;
    co_return waited;
  }
  co_return Result<void>();
}

void Retention::resume() {
  --state_->pauses;
}

}  // namespace skrei::node
