// SPDX-License-Identifier: Apache-2.0
#include "async/scope.hpp"

#include <exception>
#include <list>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include "async/loop.hpp"
#include "base/assert.hpp"
#include "base/log.hpp"

namespace skrei::async {

namespace asio = boost::asio;

struct TaskScope::State {
  explicit State(asio::io_context& context) : context(context), idle(context) {}

  asio::io_context& context;
  std::list<asio::cancellation_signal> signals;  // One for each running task.
  asio::steady_timer idle;                       // Never fires; cancelled when the last task ends.
  bool stopping = false;
};

namespace {

void report(const std::string& name, const std::exception_ptr& error, bool stopping) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& system_error) {
    if (stopping && system_error.code() == asio::error::operation_aborted) return;
    log::error("task ended by an exception", {{"task", name}, {"what", system_error.what()}});
  } catch (const std::exception& other) {
    log::error("task ended by an exception", {{"task", name}, {"what", other.what()}});
  }
}

}  // namespace

TaskScope::TaskScope(Loop& loop) : state_(std::make_shared<State>(loop.context())) {}

TaskScope::~TaskScope() {
  SKREI_ASSERT(state_->signals.empty());
}

void TaskScope::spawn(std::string name, Task<void> task) {
  if (state_->stopping) return;
  auto signal = state_->signals.emplace(state_->signals.end());
  auto on_end = [state = state_, signal, name = std::move(name)](const std::exception_ptr& error) {
    if (error) report(name, error, state->stopping);
    state->signals.erase(signal);
    if (state->signals.empty()) state->idle.cancel();
  };
  asio::co_spawn(state_->context, std::move(task),
                 asio::bind_cancellation_slot(signal->slot(), std::move(on_end)));
}

void TaskScope::cancel() {
  // A task may end, and erase its signal, inside emit().
  for (auto it = state_->signals.begin(); it != state_->signals.end();) {
    auto current = it++;
    current->emit(asio::cancellation_type::terminal);
  }
}

Task<void> TaskScope::join() {
  const std::shared_ptr<State> state = state_;
  // The wait itself must outlast a cancellation of the task that waits.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  while (!state->signals.empty()) {
    state->idle.expires_at(asio::steady_timer::time_point::max());
    try {
      co_await state->idle.async_wait(asio::use_awaitable);
    } catch (const boost::system::system_error&) {
      // Cancelled by the end of the last task, which is what is waited for.
    }
  }
}

Task<void> TaskScope::stop() {
  state_->stopping = true;
  cancel();
  co_await join();
}

std::size_t TaskScope::running() const {
  return state_->signals.size();
}

}  // namespace skrei::async
