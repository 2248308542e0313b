// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "async/task.hpp"

namespace boost::asio {
class io_context;
}

namespace skrei::async {

/// One thread's event loop. All domain state of a node lives on one Loop and needs no lock.
///
/// Thread rules: run() and run_task() on one thread; post() and stop() from any thread; all else on
/// the thread that runs the loop, or before it runs.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(). What is posted after stop() stays in the queue and is dropped with the
  /// loop.
  void run();

  /// Runs `task` and whatever else is on the loop until `task` ends; rethrows what it threw.
  /// For programs and tests whose whole life is one task.
  void run_task(Task<void> task);

  void stop();
  void post(std::move_only_function<void()> function);

  boost::asio::any_io_executor executor();
  /// For the rooms that speak Asio themselves (async, http).
  boost::asio::io_context& context() { return *context_; }

 private:
  std::unique_ptr<boost::asio::io_context> context_;
};

}  // namespace skrei::async
