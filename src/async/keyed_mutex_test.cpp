// SPDX-License-Identifier: Apache-2.0
#include "async/keyed_mutex.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "async/scope.hpp"

namespace skrei::async {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;

using Mutex = KeyedMutex<std::string>;
using Locked = std::optional<Result<Mutex::Lock>>;

class KeyedMutexTest : public ::testing::Test {
 protected:
  static Task<void> take(Mutex& mutex, std::string key, Locked& locked, Duration limit = 1h) {
    locked = co_await mutex.lock(std::move(key), limit);
  }
  void lock(const std::string& key, Locked& locked) {
    scope.spawn("lock", take(mutex, key, locked));
    turns();
  }
  void turns() {
    for (int turn = 0; turn < 5; ++turn)
      loop.run_task([]() -> Task<void> {
        co_return;
      }());
  }

  Loop loop;
  TaskScope scope{loop};
  Mutex mutex{2};
};

TEST_F(KeyedMutexTest, OneHoldsAKeyAndTheNextFollowsInTurn) {
  Locked first, second, third, other;
  lock("a", first);
  lock("a", second);
  lock("a", third);
  lock("b", other);
  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_TRUE(other.has_value()) << "another key is free";
  EXPECT_FALSE(second.has_value());

  first.reset();
  turns();
  ASSERT_TRUE(second.has_value() && second->has_value());
  EXPECT_FALSE(third.has_value());

  second.reset();
  turns();
  EXPECT_TRUE(third.has_value() && third->has_value());
  loop.run_task(scope.join());
}

TEST_F(KeyedMutexTest, RefusesMoreThanItsLine) {
  Locked first, second, third, fourth;
  lock("a", first);
  lock("a", second);
  lock("a", third);
  lock("a", fourth);

  ASSERT_TRUE(fourth.has_value());
  EXPECT_EQ(fourth->error().code, Code::ResourceExhausted);
  first.reset();
  turns();
  second.reset();
  loop.run_task(scope.join());
}

TEST_F(KeyedMutexTest, OneThatGivesUpLosesItsPlaceAlone) {
  Locked first, late, next;
  lock("a", first);
  loop.run_task(take(mutex, "a", late, 1ms));
  EXPECT_EQ(late->error().code, Code::DeadlineExceeded);
  lock("a", next);

  first.reset();
  turns();

  EXPECT_TRUE(next.has_value() && next->has_value());
  loop.run_task(scope.join());
}

TEST_F(KeyedMutexTest, ALockThatACancelledTaskWasGivenGoesOn) {
  Locked first, gone, next;
  lock("a", first);
  auto doomed = std::make_unique<TaskScope>(loop);
  doomed->spawn("lock", take(mutex, "a", gone));
  turns();
  lock("a", next);

  first.reset();
  loop.run_task(doomed->stop());
  gone.reset();
  turns();

  EXPECT_TRUE(next.has_value() && next->has_value());
  loop.run_task(scope.join());
}

TEST_F(KeyedMutexTest, ALockMayOutliveItsMutex) {
  auto short_lived = std::make_unique<Mutex>(1);
  Locked held;
  loop.run_task(take(*short_lived, "a", held));
  short_lived.reset();
  held.reset();
}

}  // namespace
}  // namespace skrei::async
