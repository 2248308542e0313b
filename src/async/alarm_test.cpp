// SPDX-License-Identifier: Apache-2.0
#include "async/alarm.hpp"

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "base/testing/manual_clock.hpp"

namespace skrei::async {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

Task<void> pass(Duration time) {
  static_cast<void>(co_await sleep_for(time));
}

TEST(Alarm, RingsOnceWhenTheMomentHasCome) {
  Loop loop;
  const testing::ManualClock clock;
  int rings = 0;
  Alarm alarm(loop, clock, [&] { ++rings; });

  alarm.set(clock.boot_now() - 1h);
  EXPECT_EQ(rings, 0);
  loop.run_task(pass(2ms));

  EXPECT_EQ(rings, 1);
}

TEST(Alarm, TheLastMomentSetIsTheOneThatCounts) {
  Loop loop;
  const testing::ManualClock clock;
  int rings = 0;
  Alarm alarm(loop, clock, [&] { ++rings; });

  alarm.set(clock.boot_now());
  alarm.set(clock.boot_now() + 1h);
  loop.run_task(pass(2ms));
  EXPECT_EQ(rings, 0);

  alarm.set(std::nullopt);
  alarm.set(clock.boot_now());
  loop.run_task(pass(2ms));
  EXPECT_EQ(rings, 1);
}

TEST(Alarm, DoesNotRingAfterItsEnd) {
  Loop loop;
  const testing::ManualClock clock;
  int rings = 0;
  {
    Alarm alarm(loop, clock, [&] { ++rings; });
    alarm.set(clock.boot_now());
  }
  loop.run_task(pass(2ms));

  EXPECT_EQ(rings, 0);
}

}  // namespace
}  // namespace skrei::async
