// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/task.hpp"

namespace skrei::async {

/// A bounded set of threads for calls that block: files, SQLite, hashing, tar.
///
/// Work beyond the threads waits in a queue of at most `queue_limit`; beyond that blocking()
/// answers ResourceExhausted at once. stop() (or the destructor) finishes what is queued, then
/// joins. The pool must be stopped while the loops that wait for its answers still exist.
class BlockingPool {
 public:
  struct Options {
    std::size_t threads = 4;
    std::size_t queue_limit = 4096;
  };

  explicit BlockingPool(Options options);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// False when the queue is full or the pool stopped; `job` is then left untouched.
  bool try_submit(std::move_only_function<void()>& job);
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

namespace detail {

using Completion = boost::asio::any_completion_handler<void()>;

/// Runs `job` on the pool, then `done` on `home`; if the pool is full, `refused` in place of `job`.
void run_blocking(BlockingPool& pool, const boost::asio::any_io_executor& home,
                  std::move_only_function<void()> job, std::move_only_function<void()> refused,
                  Completion done);

}  // namespace detail

/// Runs `function` on the pool and resumes on the loop with its Result. It is not stopped by
/// cancellation: it still runs and answers. What `function` refers to must outlive the call.
/// `function` returns Result<T> and does not throw.
template <class Function>
Task<std::invoke_result_t<Function&>> blocking(BlockingPool& pool, Function function) {
  using Answer = std::invoke_result_t<Function&>;
  const boost::asio::any_io_executor home = co_await boost::asio::this_coro::executor;
  std::optional<Answer> answer;
  auto initiate = [&pool, &home, &function, &answer](detail::Completion done) {
    std::move_only_function<void()> job = [&] {
      answer.emplace(function());
    };
    std::move_only_function<void()> refused = [&] {
      answer.emplace(fail(Code::ResourceExhausted,
                          "too many file and database operations wait; try again in a moment"));
    };
    detail::run_blocking(pool, home, std::move(job), std::move(refused), std::move(done));
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      initiate, boost::asio::use_awaitable);
  co_return *std::move(answer);
}

}  // namespace skrei::async
