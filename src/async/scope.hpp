// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "async/task.hpp"

namespace skrei::async {

class Loop;

/// Owner of tasks: none outlives it. Every task that is not awaited belongs to one.
///
/// Life: spawn any number; then `co_await scope.stop()` cancels what still runs and waits for its
/// end; then destroy. Destroying a scope with running tasks is a bug (asserted). All on the loop
/// thread. An exception that leaves a task is logged with the task's name, unless it is the
/// cancellation asked for here.
class TaskScope {
 public:
  explicit TaskScope(Loop& loop);
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  /// `name` is for logs. After stop() began, the task is dropped unstarted.
  void spawn(std::string name, Task<void> task);

  /// Cancels every running task; each sees operation_aborted at its next suspension.
  void cancel();

  /// Waits until no task runs, without cancelling. One waiter at a time.
  Task<void> join();

  /// Refuses new tasks, cancels, joins.
  Task<void> stop();

  std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // Shared with the completion of each running task.
};

}  // namespace skrei::async
