// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "async/event.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::async {

/// One holder at a time for each key; others wait in the order they came. All on the loop thread.
///
/// A lock may outlive the mutex. A task that is cancelled while it waits loses its place and
/// nothing else.
template <class Key>
class KeyedMutex {
 public:
  /// Held until its last copy is gone.
  using Lock = std::shared_ptr<void>;

  /// So many may wait for one key.
  explicit KeyedMutex(std::size_t waiting_max) : table_(std::make_shared<Table>()) {
    table_->waiting_max = waiting_max;
  }

  /// ResourceExhausted if too many wait for this key; DeadlineExceeded after `limit`; Cancelled.
  Task<Result<Lock>> lock(Key key, Duration limit) {
    const auto [place, is_free] = table_->waiting.try_emplace(key);
    if (is_free) co_return make_lock(table_, std::move(key));
    Line& line = place->second;
    std::erase_if(line, [](const std::weak_ptr<Waiter>& waiter) { return waiter.expired(); });
    if (line.size() >= table_->waiting_max) {
      co_return fail(Code::ResourceExhausted, "{} others wait for the same; try again in a moment",
                     line.size());
    }
    const auto waiter = std::make_shared<Waiter>();
    line.push_back(waiter);
    CO_TRY(co_await waiter->granted.wait(limit));
    co_return std::move(waiter->lock);
  }

 private:
  struct Waiter {
    Event granted{Event::Reset::Manual};
    /// Set when granted: should the waiter go without having seen it, the lock goes on.
    Lock lock;
  };
  using Line = std::deque<std::weak_ptr<Waiter>>;
  struct Table {
    std::size_t waiting_max = 0;
    std::map<Key, Line> waiting;  // Has a key as long as it is held.
  };

  static Lock make_lock(std::shared_ptr<Table> table, Key key) {
    return Lock(nullptr,
                [table = std::move(table), key = std::move(key)](void*) { release(table, key); });
  }

  static void release(const std::shared_ptr<Table>& table, const Key& key) {
    const auto place = table->waiting.find(key);
    while (!place->second.empty()) {
      const std::shared_ptr<Waiter> next = place->second.front().lock();
      place->second.pop_front();
      if (next == nullptr) continue;
      next->lock = make_lock(table, key);
      next->granted.set();
      return;
    }
    table->waiting.erase(place);
  }

  std::shared_ptr<Table> table_;
};

}  // namespace skrei::async
