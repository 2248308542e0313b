// SPDX-License-Identifier: Apache-2.0
#include "protocol/lease.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "protocol/deadlines.hpp"

namespace skrei::protocol {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr BootTime kStart{seconds(100)};

TEST(HeldLease, GoesOnForItsToleranceAndThenEnds) {
  HeldLease lease(kStart, seconds(30), minutes(10));

  EXPECT_FALSE(lease.advance(kStart + seconds(29)));
  EXPECT_TRUE(lease.advance(kStart + seconds(30)));
  EXPECT_EQ(lease.state(), LeaseState::Overdue);
  EXPECT_EQ(lease.next_change(), kStart + seconds(630));
  EXPECT_TRUE(lease.advance(kStart + seconds(630)));

  EXPECT_EQ(lease.state(), LeaseState::Ended);
  EXPECT_EQ(lease.next_change(), std::nullopt);
}

TEST(HeldLease, WithoutToleranceEndsWithItsTerm) {
  HeldLease lease(kStart, seconds(30), Duration{0});

  lease.advance(kStart + seconds(30));

  EXPECT_EQ(lease.state(), LeaseState::Ended);
}

TEST(HeldLease, CountsFromSendingWhatWasAnswered) {
  HeldLease lease(kStart, seconds(30), minutes(10));

  lease.renew(kStart + seconds(20), seconds(30));

  EXPECT_EQ(lease.next_change(), kStart + seconds(50));
}

TEST(HeldLease, LateAnswerNeitherShortensNorRevives) {
  HeldLease lease(kStart + seconds(20), seconds(30), seconds(5));

  lease.renew(kStart, seconds(30));
  EXPECT_EQ(lease.next_change(), kStart + seconds(50));

  lease.advance(kStart + seconds(60));
  lease.renew(kStart + seconds(59), seconds(30));
  EXPECT_EQ(lease.state(), LeaseState::Ended);
}

TEST(HeldLease, HolderKnowsFirst) {
  const bool holds = rc::check("the holder's term ends before the granter's", [] {
    const auto transit = Duration(*rc::gen::inRange<std::int64_t>(0, 60'000'000'000));
    const BootTime answered = kStart + transit;
    HeldLease lease(kStart, seconds(30), minutes(10));
    RC_ASSERT(*lease.next_change() < granted_until(answered, seconds(30)));
  });
  EXPECT_TRUE(holds);
}

TEST(Deadlines, GivesTheEarliestFirstAndEachOnce) {
  Deadlines<int> deadlines;
  deadlines.set(2, kStart + seconds(2));
  deadlines.set(1, kStart + seconds(9));
  deadlines.set(3, kStart + seconds(3));
  deadlines.set(1, kStart + seconds(1));
  deadlines.clear(3);

  EXPECT_EQ(deadlines.first(), kStart + seconds(1));
  EXPECT_EQ(deadlines.pop_due(kStart), std::nullopt);
  EXPECT_EQ(deadlines.pop_due(kStart + seconds(5)), 1);
  EXPECT_EQ(deadlines.pop_due(kStart + seconds(5)), 2);
  EXPECT_EQ(deadlines.pop_due(kStart + seconds(5)), std::nullopt);
  EXPECT_EQ(deadlines.size(), 0U);
}

}  // namespace
}  // namespace skrei::protocol
