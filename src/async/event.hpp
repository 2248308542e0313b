// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <optional>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::async {

/// Tasks that wait to be woken, first come first served. Like a condition variable on one loop:
/// check the state, wait, check again. All on the loop thread; destroying a queue with waiters is a
/// bug (asserted).
class WaitQueue {
 public:
  WaitQueue() = default;
  ~WaitQueue();
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  /// Until woken. Cancelled if the task is cancelled; DeadlineExceeded after `limit`.
  Task<Result<void>> wait(std::optional<Duration> limit = std::nullopt);

  /// True if there was somebody to wake.
  bool notify_one();
  void notify_all();
  std::size_t waiting() const { return waiters_.size(); }

 private:
  struct Waiter;
  std::list<Waiter*> waiters_;  // The waiters live in the frames of their tasks.
};

/// A flag that tasks can wait for. Manual: stays set until reset() and wakes everybody. Auto: wakes
/// one task and is cleared by it.
class Event {
 public:
  enum class Reset { Manual, Auto };
  explicit Event(Reset reset) : reset_(reset) {}

  void set();
  void reset() { set_ = false; }
  bool is_set() const { return set_; }

  /// As WaitQueue::wait; at once if the event is set.
  Task<Result<void>> wait(std::optional<Duration> limit = std::nullopt);

 private:
  Reset reset_;
  bool set_ = false;
  WaitQueue queue_;
};

}  // namespace skrei::async
