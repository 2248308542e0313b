// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.hpp"

namespace skrei::async {

namespace asio = boost::asio;

struct WaitQueue::Waiter {
  asio::steady_timer timer;
  bool woken = false;
};

WaitQueue::~WaitQueue() {
  SKREI_ASSERT(waiters_.empty());
}

Task<Result<void>> WaitQueue::wait(std::optional<Duration> limit) {
  Waiter waiter{asio::steady_timer(co_await asio::this_coro::executor)};
  if (limit) {
    waiter.timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(*limit));
  } else {
    waiter.timer.expires_at(asio::steady_timer::time_point::max());
  }
  // Whoever wakes a waiter unlinks it, so that a woken task never touches the queue again. The
  // guard also serves a loop that is destroyed with this task suspended.
  struct Unlink {
    WaitQueue& queue;
    Waiter& waiter;
    ~Unlink() {
      if (!waiter.woken) queue.waiters_.remove(&waiter);
    }
  };
  waiters_.push_back(&waiter);
  const Unlink unlink{*this, waiter};
  const auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter.woken) co_return Result<void>();
  if (!error) co_return fail(Code::DeadlineExceeded, "the wait took longer than its limit");
  co_return fail(Code::Cancelled, "the wait was cancelled");
}

bool WaitQueue::notify_one() {
  if (waiters_.empty()) return false;
  Waiter* const waiter = waiters_.front();
  waiters_.pop_front();
  waiter->woken = true;
  waiter->timer.cancel();
  return true;
}

void WaitQueue::notify_all() {
  while (notify_one()) {
  }
}

void Event::set() {
  if (reset_ == Reset::Auto) {
    if (!queue_.notify_one()) set_ = true;
    return;
  }
  set_ = true;
  queue_.notify_all();
}

Task<Result<void>> Event::wait(std::optional<Duration> limit) {
  if (set_) {
    if (reset_ == Reset::Auto) set_ = false;
    co_return Result<void>();
  }
  co_return co_await queue_.wait(limit);
}

}  // namespace skrei::async
