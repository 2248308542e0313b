// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/user_slots.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace skrei::executor::wasm {
namespace {

/// Numbers that no other process of the machine asks for: the claims are the machine's.
WallsUsers ranges(unsigned count) {
  return {.first = 3'000'000'000U + static_cast<unsigned>(::getpid()) * 16 * kUserSlots,
          .count = count * kUserSlots};
}

TEST(UserSlots, NoTwoThatAreLentAreEqual) {
  auto slots = UserSlots::claim(ranges(2)).value();
  std::set<uid_t> lent;
  for (unsigned i = 0; i < kUserSlots; ++i) {
    const WallsUser user = slots.take().value();
    EXPECT_EQ(user.uid, user.gid);
    EXPECT_TRUE(lent.insert(user.uid).second) << user.uid;
  }
  EXPECT_EQ(slots.take().error().code, Code::ResourceExhausted);

  const WallsUser third{.uid = ranges(2).first + 2, .gid = ranges(2).first + 2};
  slots.give_back(third);
  EXPECT_EQ(slots.take().value(), third);
}

TEST(UserSlots, AnIdComesBackAsLateAsItMay) {
  auto slots = UserSlots::claim(ranges(2)).value();
  const WallsUser first = slots.take().value();
  slots.give_back(first);
  EXPECT_NE(slots.take().value(), first);
}

TEST(UserSlots, EverySupervisorHasARangeOfItsOwnAndNoneIsTheCompilers) {
  const WallsUsers users = ranges(3);
  auto first = UserSlots::claim(users).value();
  {
    auto second = UserSlots::claim(users).value();
    EXPECT_EQ(second.take().value().uid, first.take().value().uid + kUserSlots);
    EXPECT_EQ(UserSlots::claim(users).error().code, Code::Unavailable);
  }
  EXPECT_TRUE(UserSlots::claim(users));
  EXPECT_GE(compiler_user(users).uid, users.first + 2 * kUserSlots);
}

}  // namespace
}  // namespace skrei::executor::wasm
