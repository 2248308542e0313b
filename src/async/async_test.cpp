// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "async/blocking.hpp"
#include "async/deadline.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"

namespace skrei::async {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

Task<void> sleep_then_count(Duration duration, int& cancelled) {
  const auto slept = co_await sleep_for(duration);
  if (!slept) ++cancelled;
}

TEST(TaskScope, StopCancelsAndAwaitsEveryTask) {
  Loop loop;
  int cancelled = 0;
  TaskScope scope(loop);
  scope.spawn("a", sleep_then_count(1h, cancelled));
  scope.spawn("b", sleep_then_count(1h, cancelled));

  loop.run_task([](TaskScope& tasks) -> Task<void> {
    co_await sleep_for(1ms);
    co_await tasks.stop();
    tasks.spawn("late", tasks.join());
  }(scope));

  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(scope.running(), 0u);
}

TEST(TaskScope, JoinWaitsWithoutCancelling) {
  Loop loop;
  int cancelled = 0;
  TaskScope scope(loop);
  scope.spawn("a", sleep_then_count(2ms, cancelled));
  scope.spawn("b", sleep_then_count(1ms, cancelled));

  loop.run_task(scope.join());

  EXPECT_EQ(cancelled, 0);
  EXPECT_EQ(scope.running(), 0u);
}

Task<Result<int>> answer_after(Duration duration, int value) {
  CO_TRY(co_await sleep_for(duration));
  co_return value;
}

TEST(Deadline, HandsTheValueThroughOrNamesWhatTookTooLong) {
  Loop loop;
  Result<int> in_time;
  Result<int> late;
  loop.run_task([](Result<int>& first, Result<int>& second) -> Task<void> {
    first = co_await with_deadline(answer_after(1ms, 7), 1h, "the quick one");
    second = co_await with_deadline(answer_after(1h, 7), 1ms, "the slow one");
  }(in_time, late));

  EXPECT_EQ(in_time, 7);
  EXPECT_EQ(late.error(), (Error{Code::DeadlineExceeded, "the slow one: took longer than 1 ms"}));
}

Task<void> deadline_inside(Result<int>& result) {
  result = co_await with_deadline(answer_after(1h, 7), 1h, "inner");
}

TEST(Deadline, CancellationOfTheOuterTaskReachesTheInner) {
  Loop loop;
  TaskScope scope(loop);
  Result<int> result = 1;
  scope.spawn("outer", deadline_inside(result));

  loop.run_task([](TaskScope& tasks) -> Task<void> {
    co_await sleep_for(1ms);
    co_await tasks.stop();
  }(scope));

  EXPECT_EQ(result.error().code, Code::Cancelled);
}

TEST(Blocking, RunsOnAnotherThreadAndResumesOnTheLoop) {
  Loop loop;
  BlockingPool pool({.threads = 2, .queue_limit = 8});
  loop.run_task([](BlockingPool& threads) -> Task<void> {
    const auto home = std::this_thread::get_id();
    const auto there = co_await blocking(
        threads, [] { return Result<std::thread::id>(std::this_thread::get_id()); });
    EXPECT_NE(*there, home);
    EXPECT_EQ(std::this_thread::get_id(), home);
  }(pool));
}

Task<void> count_refusals(BlockingPool& pool, std::atomic<bool>& open, int& refused) {
  const auto result = co_await blocking(pool, [&open]() -> Result<int> {
    open.wait(false);
    return 1;
  });
  if (result) co_return;
  EXPECT_EQ(result.error().code, Code::ResourceExhausted);
  ++refused;
  open = true;
  open.notify_all();
}

TEST(Blocking, AFullQueueIsRefusedAtOnce) {
  Loop loop;
  BlockingPool pool({.threads = 1, .queue_limit = 1});
  TaskScope scope(loop);
  std::atomic<bool> open = false;
  int refused = 0;
  for (int i = 0; i < 4; ++i)
    scope.spawn("job", count_refusals(pool, open, refused));

  loop.run_task(scope.join());

  EXPECT_GE(refused, 1);
  EXPECT_LE(refused, 3);
}

}  // namespace
}  // namespace skrei::async
