// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "async/scope.hpp"
#include "base/random.hpp"
#include "testing/api_calls.hpp"

namespace skrei::e2e {

/// A kind of job of the load, and what must have become of it.
struct LoadKind {
  json::Value job;
  /// Of how many in a hundred.
  int share = 0;
  std::string state = "Completed";
  int exit_code = 0;
  /// What each program writes to stdout, once; empty: not looked at.
  std::string output = {};
};

/// Submits jobs from several connections while the node comes and goes. Each submission has an
/// idempotency key and is repeated until it is acknowledged, so that every key stands for one job.
class CrashLoad {
 public:
  struct Options {
    std::size_t connections = 8;
    /// Pause of each connection between submissions.
    Duration pause = std::chrono::milliseconds(20);
    std::vector<LoadKind> kinds;
  };

  CrashLoad(async::Loop& loop, ApiCalls& api, Random& random, Options options);

  void start();
  /// Lets so many more jobs be made.
  void allow(std::size_t jobs) { allowed_ += jobs; }
  /// Waits until all that was allowed is acknowledged, then ends the connections.
  async::Task<Result<void>> finish(Duration limit);
  async::Task<void> stop();

  /// Acknowledged jobs by id.
  const std::map<std::string, const LoadKind*>& acknowledged() const { return acknowledged_; }
  /// Submissions that broke off or were refused, and so were said again.
  std::size_t repeated() const { return repeated_; }

 private:
  struct Submission {
    std::string key;
    const LoadKind* kind = nullptr;
  };

  async::Task<void> submit_all();
  /// The next one to send; its kind is null when there is none.
  Submission next();
  const LoadKind& random_kind();

  ApiCalls& api_;
  Random& random_;
  Options options_;
  async::TaskScope scope_;
  std::size_t allowed_ = 0;
  std::size_t made_ = 0;
  std::size_t repeated_ = 0;
  std::deque<Submission> again_;
  std::map<std::string, const LoadKind*> acknowledged_;
};

}  // namespace skrei::e2e
