// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"

namespace skrei {
namespace {

TEST(Files, AtomicWriteReplacesTheWholeFile) {
  const testing::TempDir dir;
  const auto path = dir.path() / "value";

  ASSERT_TRUE(write_file_atomically(path, as_bytes("first and longer")));
  ASSERT_TRUE(write_file_atomically(path, as_bytes("second")));

  EXPECT_EQ(read_file(path, 100), to_bytes("second"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(Files, ReadingRefusesMoreThanTheLimit) {
  const testing::TempDir dir;
  ASSERT_TRUE(write_file_atomically(dir.path() / "big", Bytes(11)));

  EXPECT_EQ(read_file(dir.path() / "big", 10).error().code, Code::ResourceExhausted);
  EXPECT_EQ(read_file(dir.path() / "none", 10).error().code, Code::NotFound);
}

TEST(Files, UniqueFdClosesWhatItOwns) {
  int raw = -1;
  {
    UniqueFd fd = *open_file("/dev/null", O_RDONLY);
    raw = fd.get();
    UniqueFd moved = std::move(fd);
    EXPECT_FALSE(fd);  // NOLINT(bugprone-use-after-move): moved-from is empty by contract
  }
  EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

}  // namespace
}  // namespace skrei
