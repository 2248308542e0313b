// SPDX-License-Identifier: Apache-2.0
#include "async/loop.hpp"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace skrei::async {

namespace asio = boost::asio;

// The hint 1 tells Asio that one thread runs the loop; its queue stays lock-protected for post().
Loop::Loop() : context_(std::make_unique<asio::io_context>(1)) {}

Loop::~Loop() = default;

void Loop::run() {
  const auto keep_running = asio::make_work_guard(*context_);
  context_->restart();
  context_->run();
}

void Loop::run_task(Task<void> task) {
  std::exception_ptr thrown;
  asio::co_spawn(*context_, std::move(task), [&](std::exception_ptr error) {
    thrown = std::move(error);
    context_->stop();
  });
  run();
  if (thrown) std::rethrow_exception(thrown);
}

void Loop::stop() {
  context_->stop();
}

void Loop::post(std::move_only_function<void()> function) {
  asio::post(*context_, std::move(function));
}

asio::any_io_executor Loop::executor() {
  return context_->get_executor();
}

}  // namespace skrei::async
