// SPDX-License-Identifier: Apache-2.0
#include "async/sleep.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

namespace skrei::async {

namespace asio = boost::asio;

Task<Result<void>> sleep_for(Duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(duration));
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) co_return fail(Code::Cancelled, "the wait was cancelled");
  co_return Result<void>();
}

}  // namespace skrei::async
