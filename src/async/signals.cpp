// SPDX-License-Identifier: Apache-2.0
#include "async/signals.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "async/deadline.hpp"
#include "async/loop.hpp"

namespace skrei::async {

namespace asio = boost::asio;

struct Signals::State {
  explicit State(Loop& loop) : set(loop.context()) {}

  Task<Result<int>> wait() {
    const auto [error, number] = co_await set.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return fail(Code::Cancelled, "waiting for a signal was cancelled");
    co_return number;
  }

  asio::signal_set set;
};

Signals::Signals(Loop& loop, std::initializer_list<int> numbers)
    : state_(std::make_unique<State>(loop)) {
  for (const int number : numbers)
    state_->set.add(number);
}

Signals::~Signals() = default;

Task<std::optional<int>> Signals::next(std::optional<Duration> limit) {
  Result<int> number;
  if (limit) {
    number = co_await with_deadline(state_->wait(), *limit, "waiting for a signal");
  } else {
    number = co_await state_->wait();
  }
  if (!number) co_return std::nullopt;
  co_return *number;
}

}  // namespace skrei::async
