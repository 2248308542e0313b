// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/result.hpp"

namespace skrei::async {

/// A coroutine that runs on the loop thread of the Loop (or the executor) it was spawned on.
///
/// It starts when awaited or spawned, never before. Work that can fail returns Task<Result<T>>;
/// an exception that leaves a Task is a bug or a cancellation (boost::system::system_error with
/// operation_aborted). Between two co_awaits the loop's state belongs to the running task; after
/// one, look things up again.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace skrei::async
