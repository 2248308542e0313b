// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "async/event.hpp"
#include "async/task.hpp"
#include "executor/engine.hpp"

namespace skrei::executor {

/// The executions that an Engine object knows, and who waits for them: the idempotence of start()
/// and the waiting of wait(), for every driver. On the loop thread.
///
///   (absent) --begin--> Starting --started--> Running --ended--> Ended --forget--> (absent)
///                          '------failed-----> (absent)
class ExecutionTable {
 public:
  enum class State { Starting, Running, Ended };
  enum class Turn { Yours, StartedBefore };

  /// Yours: the caller starts the execution and then says started() or failed(). Of several callers
  /// at once one gets the turn, the others wait for what becomes of it.
  async::Task<Result<Turn>> begin(ExecutionId id);
  void started(const ExecutionId& id);
  void failed(const ExecutionId& id);

  /// Also for an id that is not there yet: what recover() found.
  void add_running(const ExecutionId& id);
  /// The first end counts; a later one is ignored.
  void ended(const ExecutionId& id, Exit exit);

  /// As Engine::wait.
  async::Task<Result<Exit>> wait(ExecutionId id);
  std::optional<State> state(const ExecutionId& id) const;
  std::vector<ExecutionId> running() const;

  /// FailedPrecondition unless it has ended or is not known.
  Result<void> forget(const ExecutionId& id);

  /// Everybody who waits gets Unavailable, and so does every later call.
  void close();

 private:
  struct Entry {
    State state = State::Starting;
    Exit exit;
    async::WaitQueue changed;
  };

  void drop(const ExecutionId& id);

  // Shared with the tasks that wait on an entry, which may be dropped meanwhile.
  std::map<ExecutionId, std::shared_ptr<Entry>> entries_;
  bool closed_ = false;
};

}  // namespace skrei::executor
