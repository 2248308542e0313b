// SPDX-License-Identifier: Apache-2.0
#include "node/retention_clock.hpp"

#include <gtest/gtest.h>

namespace skrei::node {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;

constexpr Duration kYear = 365 * 24h;
constexpr WallTime kNow{60 * kYear};
constexpr BootTime kBoot{5h};

TEST(RetentionClock, FollowsTheWallClockThroughSmallCorrections) {
  RetentionClock clock(std::nullopt, kNow, kBoot);

  EXPECT_EQ(clock.read(kNow + 10min, kBoot + 10min), kNow + 10min);
  EXPECT_EQ(clock.read(kNow + 70min, kBoot + 20min), kNow + 70min);
  EXPECT_EQ(clock.read(kNow + 25min, kBoot + 25min), kNow + 25min);
  EXPECT_FALSE(clock.doubted_since());
}

TEST(RetentionClock, AJumpOfAYearAndBackChangesNothing) {
  for (const Duration jump : {kYear, Duration(-kYear), Duration(24h), Duration(-24h)}) {
    RetentionClock clock(kNow, kNow, kBoot);

    EXPECT_EQ(clock.read(kNow + jump, kBoot), kNow);
    EXPECT_EQ(clock.read(kNow + jump + 20h, kBoot + 20h), kNow + 20h);
    EXPECT_TRUE(clock.doubted_since());
    EXPECT_EQ(clock.read(kNow + 21h, kBoot + 21h), kNow + 21h);
    EXPECT_FALSE(clock.doubted_since());
  }
}

TEST(RetentionClock, AClockThatStaysIsBelievedAfterADay) {
  RetentionClock clock(kNow, kNow, kBoot);

  clock.read(kNow + kYear, kBoot);
  EXPECT_EQ(clock.read(kNow + kYear + 23h, kBoot + 23h), kNow + 23h);
  EXPECT_EQ(clock.read(kNow + kYear + 24h, kBoot + 24h), kNow + kYear + 24h);
}

TEST(RetentionClock, AfterAShortRestItFollowsAtOnceAfterALongOneInADay) {
  RetentionClock rested(kNow - 20h, kNow, kBoot);
  EXPECT_EQ(rested.read(kNow, kBoot), kNow);

  RetentionClock away(kNow - kYear, kNow, kBoot);
  EXPECT_EQ(away.read(kNow, kBoot), kNow - kYear);
  EXPECT_EQ(away.read(kNow + 24h, kBoot + 24h), kNow + 24h);

  RetentionClock set_back(kNow + kYear, kNow, kBoot);
  EXPECT_EQ(set_back.read(kNow, kBoot), kNow + kYear);
  EXPECT_EQ(set_back.read(kNow + 24h, kBoot + 24h), kNow + 24h);
}

}  // namespace
}  // namespace skrei::node
