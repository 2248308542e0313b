// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/testing/temp_dir.hpp"

namespace skrei {
namespace {

TEST(FileLock, SecondHolderIsToldTheFirstOnesProcess) {
  const testing::TempDir dir;
  {
    const auto first = lock_file(dir.path() / "lock", "folder x");
    ASSERT_TRUE(first) << first.error().message;

    const auto second = lock_file(dir.path() / "lock", "folder x");

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::FailedPrecondition);
    EXPECT_EQ(second.error().message, fmt::format("folder x is in use by process {}", ::getpid()));
  }
  EXPECT_TRUE(lock_file(dir.path() / "lock", "folder x"));
}

}  // namespace
}  // namespace skrei
