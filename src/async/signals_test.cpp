// SPDX-License-Identifier: Apache-2.0
#include "async/signals.hpp"

#include <csignal>

#include <gtest/gtest.h>

#include "async/loop.hpp"

namespace skrei::async {
namespace {

Task<void> take_two(Signals& signals, std::vector<int>& taken) {
  ::raise(SIGUSR1);
  taken.push_back((co_await signals.next()).value_or(0));
  ::raise(SIGUSR2);
  taken.push_back((co_await signals.next(std::chrono::seconds(5))).value_or(0));
}

TEST(Signals, AreTakenInsteadOfTheirDefaultAction) {
  Loop loop;
  Signals signals(loop, {SIGUSR1, SIGUSR2});
  std::vector<int> taken;

  loop.run_task(take_two(signals, taken));

  EXPECT_EQ(taken, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

Task<void> take_none(Signals& signals, bool& none) {
  none = !(co_await signals.next(std::chrono::milliseconds(5))).has_value();
}

TEST(Signals, WaitEndsAtItsLimit) {
  Loop loop;
  Signals signals(loop, {SIGUSR1});
  bool none = false;

  loop.run_task(take_none(signals, none));

  EXPECT_TRUE(none);
}

}  // namespace
}  // namespace skrei::async
