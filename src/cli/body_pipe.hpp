// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/stream.hpp"
#include "http/body.hpp"

namespace skrei::async {
class Loop;
}

// Between the bodies of HTTP messages, which are read and written on the loop, and code that
// blocks (archives, files), which runs on the pool: a pipe, whose size is the back-pressure.

namespace skrei::cli {

/// Runs `produce` on the pool and sends what it writes. The error of `produce` comes first.
async::Task<Result<void>> send_produced(async::Loop& loop, async::BlockingPool& pool,
                                        std::function<Result<void>(const WriteFunction&)> produce,
                                        http::BodySink& sink);

/// Runs `consume` on the pool and feeds it the body. The body's error comes first: to the consumer
/// it looks like an end.
async::Task<Result<void>> feed_consumer(async::Loop& loop, async::BlockingPool& pool,
                                        http::BodySource& source,
                                        std::function<Result<void>(const ReadFunction&)> consume);

}  // namespace skrei::cli
