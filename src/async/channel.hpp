// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "async/event.hpp"
#include "base/assert.hpp"

namespace skrei::async {

/// A bounded queue between tasks of one loop. The sender chooses what a full queue means: send()
/// waits, try_send() refuses, send_dropping_oldest() forgets the oldest value and counts it.
template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) { SKREI_ASSERT(capacity > 0); }

  /// Waits while the queue is full. Unavailable once closed; Cancelled if the task is cancelled.
  Task<Result<void>> send(T value) {
    while (!closed_ && values_.size() >= capacity_) {
      CO_TRY(co_await writable_.wait());
    }
    if (closed_) co_return fail(Code::Unavailable, "the channel is closed");
    push(std::move(value));
    co_return Result<void>();
  }

  /// False, and `value` untouched, if the queue is full or closed.
  bool try_send(T&& value) {
    if (closed_ || values_.size() >= capacity_) return false;
    push(std::move(value));
    return true;
  }

  /// Never waits; nothing happens once closed.
  void send_dropping_oldest(T value) {
    if (closed_) return;
    if (values_.size() >= capacity_) {
      values_.pop_front();
      ++dropped_;
    }
    push(std::move(value));
  }

  /// The next value; nothing once the channel is closed and drained, or if the task is cancelled.
  Task<std::optional<T>> receive() {
    while (values_.empty()) {
      if (closed_) co_return std::nullopt;
      const auto woken = co_await readable_.wait();
      if (!woken) co_return std::nullopt;
    }
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    writable_.notify_one();
    co_return value;
  }

  /// Values already in the queue can still be received.
  void close() {
    closed_ = true;
    readable_.notify_all();
    writable_.notify_all();
  }

  bool closed() const { return closed_; }
  std::size_t size() const { return values_.size(); }
  std::size_t dropped() const { return dropped_; }

 private:
  void push(T value) {
    values_.push_back(std::move(value));
    readable_.notify_one();
  }

  std::size_t capacity_;
  std::size_t dropped_ = 0;
  bool closed_ = false;
  std::deque<T> values_;
  WaitQueue readable_;
  WaitQueue writable_;
};

}  // namespace skrei::async
