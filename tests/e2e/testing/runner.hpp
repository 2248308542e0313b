// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "async/loop.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::e2e {

/// The loop of one test: a test is plain code that runs one task after the other on it.
class Runner {
 public:
  template <class T>
  T run(async::Task<T> task) {
    std::optional<T> result;
    loop_.run_task(keep(std::move(task), result));
    return *std::move(result);
  }
  void run(async::Task<void> task) { loop_.run_task(std::move(task)); }

  async::Loop& loop() { return loop_; }

 private:
  template <class T>
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): run() waits for it.
  static async::Task<void> keep(async::Task<T> task, std::optional<T>& into) {
    into.emplace(co_await std::move(task));
  }

  async::Loop loop_;
};

/// Asks every 10 ms until `condition` holds. DeadlineExceeded after `limit`: "<what> did not happen
/// within <limit>".
async::Task<Result<void>> wait_until(Duration limit, std::string what,
                                     std::function<bool()> condition);

}  // namespace skrei::e2e
