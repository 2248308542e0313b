// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::async {

class Loop;

/// Signals of the process, taken one by one instead of by their default action: from construction
/// to destruction. What arrives while nobody waits is kept (equal ones may merge). All on the loop
/// thread; one waiter at a time.
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> numbers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The number of the next one. Nothing after `limit`, or if the task is cancelled.
  Task<std::optional<int>> next(std::optional<Duration> limit = std::nullopt);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::async
