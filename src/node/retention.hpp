// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "api/metrics.hpp"
#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "compute/kept_output.hpp"
#include "content/content_store.hpp"
#include "jobstore/job_store.hpp"
#include "publisher/publisher.hpp"

namespace skrei::node {

/// Lets go of what is over, so that a node under constant load has flat disk and memory:
///
///   1. ended jobs beyond age or number: first their results lose their pins, then the output of
///      their executions goes, last their rows, some at a time between other commits. A crash in
///      between leaves the job, which goes at the next pass; nothing is left without a job
///   2. output of ended executions that is too old, whoever asked for them
///   3. content that no pin reaches any more
///
/// Each pass is bounded steps on the pool and the writer; the loop never waits. One line is logged
/// for a pass that removed something. While paused (a backup is made) nothing is removed.
///
/// Life: construct; start(); `co_await stop()`; destroy. On the loop thread.
class Retention {
 public:
  struct Options {
    Duration interval = std::chrono::minutes(1);
    Duration job_age = std::chrono::hours(720);
    std::size_t jobs_max = 1'000'000;
    Duration output_age = std::chrono::hours(720);
    Duration collect_interval = std::chrono::minutes(10);
    /// Keeps the time of the last pass (retention_clock.hpp).
    std::filesystem::path clock_file;
  };
  /// What is looked after; all of it outlives this.
  struct Parts {
    async::Loop& loop;
    async::BlockingPool& pool;
    const Clock& clock;
    jobstore::JobStore& store;
    publisher::Publishers& publishers;
    compute::KeptOutput& output;
    content::ContentStore& content;
  };

  Retention(Parts parts, Options options);
  ~Retention();

  void start();
  async::Task<void> stop();

  const api::RetentionTotals& totals() const;

  /// Waits until the pass under way has paused too.
  async::Task<Result<void>> pause();
  void resume();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::node
