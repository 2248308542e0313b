// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"

#include <gtest/gtest.h>

#include "async/channel.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"

namespace skrei::async {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

Task<void> count_wait(Event& event, int& woken, int& failed) {
  const auto result = co_await event.wait();
  ++(result ? woken : failed);
}

TEST(Event, ManualWakesEverybodyAndStaysSet) {
  Loop loop;
  TaskScope scope(loop);
  Event event(Event::Reset::Manual);
  int woken = 0;
  int failed = 0;
  scope.spawn("a", count_wait(event, woken, failed));
  scope.spawn("b", count_wait(event, woken, failed));
  loop.post([&] { event.set(); });

  loop.run_task(scope.join());
  loop.run_task(count_wait(event, woken, failed));

  EXPECT_EQ(woken, 3);
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(event.is_set());
}

TEST(Event, AutoWakesOneTaskPerSet) {
  Loop loop;
  TaskScope scope(loop);
  Event event(Event::Reset::Auto);
  int woken = 0;
  int failed = 0;
  scope.spawn("a", count_wait(event, woken, failed));
  scope.spawn("b", count_wait(event, woken, failed));
  loop.post([&] { event.set(); });

  loop.run_task([](TaskScope& tasks) -> Task<void> {
    co_await sleep_for(1ms);
    co_await tasks.stop();
  }(scope));

  EXPECT_EQ(woken, 1);
  EXPECT_EQ(failed, 1);
  EXPECT_FALSE(event.is_set());
}

TEST(Event, AWaitEndsAtItsLimit) {
  Loop loop;
  Event event(Event::Reset::Manual);
  loop.run_task([](Event& waited) -> Task<void> {
    const auto result = co_await waited.wait(1ms);
    EXPECT_EQ(result.error().code, Code::DeadlineExceeded);
  }(event));
}

Task<void> send_numbers(Channel<int>& channel, int count, Result<void>& result) {
  for (int i = 0; i < count && result; ++i)
    result = co_await channel.send(i);
  channel.close();
}

TEST(Channel, SendWaitsForRoomAndReceiveEndsAfterClose) {
  Loop loop;
  TaskScope scope(loop);
  Channel<int> channel(2);
  Result<void> sent;
  scope.spawn("sender", send_numbers(channel, 10, sent));

  loop.run_task([](Channel<int>& values) -> Task<void> {
    int expected = 0;
    while (const auto value = co_await values.receive()) {
      EXPECT_EQ(*value, expected++);
      EXPECT_LE(values.size(), 2u);
    }
    EXPECT_EQ(expected, 10);
  }(channel));

  EXPECT_TRUE(sent);
  loop.run_task(scope.join());
}

TEST(Channel, CloseWakesAWaitingSender) {
  Loop loop;
  TaskScope scope(loop);
  Channel<int> channel(1);
  Result<void> sent;
  scope.spawn("sender", send_numbers(channel, 10, sent));
  loop.post([&] { channel.close(); });

  loop.run_task(scope.join());

  EXPECT_EQ(sent.error().code, Code::Unavailable);
}

TEST(Channel, OtherOverflowPoliciesNeverWait) {
  Channel<int> channel(2);

  EXPECT_TRUE(channel.try_send(1));
  EXPECT_TRUE(channel.try_send(2));
  EXPECT_FALSE(channel.try_send(3));
  channel.send_dropping_oldest(4);

  EXPECT_EQ(channel.dropped(), 1u);
  Loop loop;
  loop.run_task([](Channel<int>& values) -> Task<void> {
    EXPECT_EQ(co_await values.receive(), 2);
    EXPECT_EQ(co_await values.receive(), 4);
  }(channel));
}

Task<void> receive_one(Channel<int>& channel, bool& ended) {
  ended = !(co_await channel.receive()).has_value();
}

TEST(Channel, ACancelledReceiverGetsNothing) {
  Loop loop;
  TaskScope scope(loop);
  Channel<int> channel(1);
  bool ended = false;
  scope.spawn("receiver", receive_one(channel, ended));

  loop.run_task([](TaskScope& tasks) -> Task<void> {
    co_await sleep_for(1ms);
    co_await tasks.stop();
  }(scope));

  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace skrei::async
