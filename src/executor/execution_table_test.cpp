// SPDX-License-Identifier: Apache-2.0
#include "executor/execution_table.hpp"

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"

namespace skrei::executor {
namespace {

using Turn = ExecutionTable::Turn;

const ExecutionId kId("e-1");

async::Task<void> begin(ExecutionTable& table, std::vector<Turn>& turns) {
  const auto turn = co_await table.begin(kId);
  EXPECT_TRUE(turn);
  if (turn) turns.push_back(*turn);
}

/// Two tasks begin at once; then the one that has the turn says what came of it.
std::vector<Turn> begin_twice(void (ExecutionTable::*outcome)(const ExecutionId&)) {
  async::Loop loop;
  ExecutionTable table;
  std::vector<Turn> turns;
  loop.run_task([](async::Loop& on, ExecutionTable& shared, std::vector<Turn>& taken,
                   void (ExecutionTable::*say)(const ExecutionId&)) -> async::Task<void> {
    async::TaskScope scope(on);
    scope.spawn("first", begin(shared, taken));
    scope.spawn("second", begin(shared, taken));
    co_await async::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(taken, std::vector{Turn::Yours});
    (shared.*say)(kId);
    co_await scope.join();
  }(loop, table, turns, outcome));
  return turns;
}

TEST(ExecutionTable, OneOfSeveralStartersGetsTheTurn) {
  EXPECT_EQ(begin_twice(&ExecutionTable::started), (std::vector{Turn::Yours, Turn::StartedBefore}));
}

TEST(ExecutionTable, AfterAFailureTheNextStarterGetsTheTurn) {
  EXPECT_EQ(begin_twice(&ExecutionTable::failed), (std::vector{Turn::Yours, Turn::Yours}));
}

TEST(ExecutionTable, TheFirstEndCounts) {
  async::Loop loop;
  ExecutionTable table;
  table.ended(kId, {.kind = ExitKind::Exited, .exit_code = 1});
  table.ended(kId, {.kind = ExitKind::Cancelled});
  table.add_running(kId);

  Result<Exit> exit;
  loop.run_task([](ExecutionTable& shared, Result<Exit>& answer) -> async::Task<void> {
    answer = co_await shared.wait(kId);
  }(table, exit));

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 1);
  EXPECT_TRUE(table.running().empty());
}

TEST(ExecutionTable, OnlyWhatHasEndedIsForgotten) {
  ExecutionTable table;
  table.add_running(kId);
  EXPECT_EQ(table.forget(kId).error().message, "execution e-1: still runs; cancel it first");

  table.ended(kId, {});
  EXPECT_TRUE(table.forget(kId));
  EXPECT_EQ(table.state(kId), std::nullopt);
  EXPECT_TRUE(table.forget(kId));
}

}  // namespace
}  // namespace skrei::executor
