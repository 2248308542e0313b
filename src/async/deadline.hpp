// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::async {

/// Awaits `task`, but cancels it after `limit`; then waits for it to end (so it must end when
/// cancelled) and answers DeadlineExceeded: "<what> took longer than <limit>". A task that finished
/// with a value in spite of the cancellation gives that value.
template <class T>
Task<Result<T>> with_deadline(Task<Result<T>> task, Duration limit, std::string what) {
  namespace asio = boost::asio;
  const auto executor = co_await asio::this_coro::executor;
  const auto parent = co_await asio::this_coro::cancellation_state;
  auto signal = std::make_shared<asio::cancellation_signal>();
  auto expired = std::make_shared<bool>(false);
  if (parent.slot().is_connected()) {
    parent.slot().assign([signal](asio::cancellation_type type) { signal->emit(type); });
  }
  asio::steady_timer timer(executor,
                           std::chrono::duration_cast<asio::steady_timer::duration>(limit));
  timer.async_wait([signal, expired](boost::system::error_code error) {
    if (error) return;
    *expired = true;
    signal->emit(asio::cancellation_type::terminal);
  });
  Result<T> result = fail(Code::Cancelled, "{}: cancelled", what);
  try {
    result =
        co_await asio::co_spawn(executor, std::move(task),
                                asio::bind_cancellation_slot(signal->slot(), asio::use_awaitable));
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  timer.cancel();
  if (parent.slot().is_connected()) parent.slot().clear();
  if (!result && *expired) {
    co_return fail(Code::DeadlineExceeded, "{}: took longer than {} ms", what,
                   std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
  }
  co_return result;
}

}  // namespace skrei::async
