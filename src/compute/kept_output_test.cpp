// SPDX-License-Identifier: Apache-2.0
#include "compute/kept_output.hpp"

#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "base/testing/temp_dir.hpp"

namespace skrei::compute {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""h;

class KeptOutputTest : public ::testing::Test {
 protected:
  template <class T>
  T run(async::Task<T> task) {
    std::optional<T> result;
    const auto body = [](async::Task<T> inner, std::optional<T>& out) -> async::Task<void> {
      out.emplace(co_await std::move(inner));
    };
    loop_.run_task(body(std::move(task), result));
    return *std::move(result);
  }

  /// As an execution that was released leaves it, or one that runs (ending ".run").
  void make(const std::string& id, std::size_t bytes = 1, const char* ending = ".out") {
    std::ofstream(dir_.path() / (id + ending)) << std::string(bytes, 'x');
  }
  void add(const std::string& id, Duration ended, std::size_t bytes = 1) {
    make(id, bytes);
    const auto added = run(kept_.add(ExecutionId(id), WallTime(ended)));
    ASSERT_TRUE(added) << added.error().message;
  }
  bool is_there(const std::string& id) const { return fs::exists(dir_.path() / (id + ".out")); }

  skrei::testing::TempDir dir_;
  async::Loop loop_;
  async::BlockingPool pool_{{.threads = 1}};
  KeptOutput kept_{
      pool_, dir_.path(), {.executions_max = 3, .bytes_max = 100'000, .checked_every = 1}};
};

TEST_F(KeptOutputTest, TheOldestGoesWhenThereAreTooMany) {
  for (int i = 0; i < 5; ++i)
    add(fmt::format("e-{}", i), i * 1h);

  EXPECT_FALSE(is_there("e-0"));
  EXPECT_FALSE(is_there("e-1"));
  EXPECT_TRUE(is_there("e-2"));
  EXPECT_EQ(kept_.executions(), 3U);
}

TEST_F(KeptOutputTest, TheOldestGoesWhenTheyHaveTooManyBytes) {
  add("e-1", 1h, 60'000);
  add("e-2", 2h, 60'000);

  EXPECT_FALSE(is_there("e-1"));
  EXPECT_TRUE(is_there("e-2"));
  EXPECT_GE(kept_.bytes(), 60'000U);
  EXPECT_LE(kept_.bytes(), 100'000U);
}

TEST_F(KeptOutputTest, WhatIsTooOldGoesAndWhatGoesWithItsJob) {
  add("e-1", 1h);
  add("e-2", 2h);
  add("e-3", 3h);
  make("e-running", 1, ".run");

  EXPECT_EQ(run(kept_.remove_older(WallTime(2h))), 1U);
  EXPECT_EQ(run(kept_.remove({ExecutionId("e-3"), ExecutionId("e-running")})), 1U);

  EXPECT_FALSE(is_there("e-1"));
  EXPECT_TRUE(is_there("e-2"));
  EXPECT_FALSE(is_there("e-3"));
  EXPECT_TRUE(fs::exists(dir_.path() / "e-running.run")) << "it is not kept output";
  EXPECT_EQ(kept_.executions(), 1U);
}

TEST_F(KeptOutputTest, AfterARestartItGoesOnWithWhatIsThere) {
  make("e-1", 5000);
  make("e-running", 1, ".run");

  ASSERT_TRUE(run(kept_.load()));

  EXPECT_EQ(kept_.executions(), 1U);
  EXPECT_GE(kept_.bytes(), 5000U);
  EXPECT_EQ(run(kept_.remove_older(WallTime::max())), 1U);
  EXPECT_FALSE(is_there("e-1"));
  EXPECT_TRUE(fs::exists(dir_.path() / "e-running.run"));
}

}  // namespace
}  // namespace skrei::compute
