// SPDX-License-Identifier: Apache-2.0
// A job store under the batches of a busy node, 64 waiting at a time, on a real disk: batches made
// durable a second, the longest time without an answer while some wait (`pause_max_ms`), and how
// long the log became (`log_max_MiB`); without readers and with two that list jobs all the time.

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/clock.hpp"
#include "base/testing/temp_dir.hpp"
#include "jobstore/sqlite/sqlite_job_store.hpp"
#include "jobstore/testing/node_load.hpp"

namespace {

using namespace skrei;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kBatches = 20'000;
constexpr std::size_t kInFlight = 64;

class Load {
 public:
  Load(jobstore::JobStore& store, const std::filesystem::path& folder)
      : store_(store), log_(folder / "jobs.db-wal") {}

  void start() {
    last_answer_ = Steady::now();
    for (std::size_t i = 0; i < kInFlight; ++i)
      commit();
  }
  async::Task<void> wait() { static_cast<void>(co_await done_.wait(std::chrono::minutes(5))); }
  bool is_done() const { return answered_ == kBatches; }

  Steady::duration pause_max{};
  std::uintmax_t log_bytes_max = 0;

 private:
  void commit() {
    ++sent_;
    store_.commit(load_.next(), [this] { answer(); });
  }
  void answer() {
    const auto now = Steady::now();
    pause_max = std::max(pause_max, now - last_answer_);
    last_answer_ = now;
    if (++answered_ % kInFlight == 0) {
      std::error_code none;
      const std::uintmax_t bytes = std::filesystem::file_size(log_, none);
      if (!none) log_bytes_max = std::max(log_bytes_max, bytes);
    }
    if (sent_ < kBatches) commit();
    if (is_done()) done_.set();
  }

  jobstore::JobStore& store_;
  std::filesystem::path log_;
  jobstore::testing::NodeLoad load_{1};
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  Steady::time_point last_answer_;
  async::Event done_{async::Event::Reset::Manual};
};

async::Task<void> read(jobstore::JobStore& store, const Load& load, std::size_t& pages) {
  while (!load.is_done()) {
    const auto page = co_await store.list_jobs({.limit = jobstore::kPageSizeMax});
    if (!page) co_return;
    ++pages;
  }
}

void end(const Error& error) {
  std::fputs(error.message.c_str(), stderr);
  std::abort();
}

void BM_NodeLoad(benchmark::State& state) {
  const SystemClock clock;
  double pause_ms = 0;
  double log_mib = 0;
  std::size_t pages = 0;
  for (auto _ : state) {
    const testing::TempDir folder;
    async::Loop loop;
    auto store = jobstore::sqlite::SqliteJobStore::open(loop, clock,
                                                        {.folder = folder.path(), .on_fatal = end});
    if (!store) return state.SkipWithError(store.error().message.c_str());
    Load load(**store, folder.path());
    async::TaskScope scope(loop);
    load.start();
    for (std::int64_t i = 0; i < state.range(0); ++i)
      scope.spawn("read", read(**store, load, pages));
    loop.run_task(load.wait());
    loop.run_task(scope.join());
    if (!load.is_done()) return state.SkipWithError("batches were not answered in time");
    pause_ms =
        std::max(pause_ms, std::chrono::duration<double, std::milli>(load.pause_max).count());
    log_mib = std::max(log_mib, static_cast<double>(load.log_bytes_max) / (1 << 20));
    loop.run_task((*store)->stop());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatches));
  state.counters["pause_max_ms"] = pause_ms;
  state.counters["log_max_MiB"] = log_mib;
  state.counters["pages_read"] =
      benchmark::Counter(static_cast<double>(pages), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_NodeLoad)
    ->ArgName("readers")
    ->Arg(0)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
