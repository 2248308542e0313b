// SPDX-License-Identifier: Apache-2.0
#include "async/blocking.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

namespace skrei::async {

namespace asio = boost::asio;

struct BlockingPool::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::move_only_function<void()>> queue;
  std::size_t queue_limit;
  bool stopping = false;
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      auto job = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }
};

BlockingPool::BlockingPool(Options options) : state_(std::make_unique<State>()) {
  state_->queue_limit = options.queue_limit;
  for (std::size_t i = 0; i < options.threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
  }
}

BlockingPool::~BlockingPool() {
  stop();
}

bool BlockingPool::try_submit(std::move_only_function<void()>& job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->queue.size() >= state_->queue_limit) return false;
    state_->queue.push_back(std::move(job));
  }
  state_->changed.notify_one();
  return true;
}

void BlockingPool::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

namespace detail {
namespace {

struct Call {
  std::move_only_function<void()> job;
  Completion done;
  boost::asio::any_io_executor home;  // Tracks work: the loop lives until the answer is back on it.

  void complete() { asio::post(home, std::move(done)); }
};

}  // namespace

void run_blocking(BlockingPool& pool, const boost::asio::any_io_executor& home,
                  std::move_only_function<void()> job, std::move_only_function<void()> refused,
                  Completion done) {
  auto call = std::make_unique<Call>(std::move(job), std::move(done),
                                     asio::prefer(home, asio::execution::outstanding_work.tracked));
  Call& borrowed = *call;
  std::move_only_function<void()> run = [call = std::move(call)] {
    call->job();
    call->complete();
  };
  if (pool.try_submit(run)) return;
  refused();
  borrowed.complete();
}

}  // namespace detail
}  // namespace skrei::async
