// SPDX-License-Identifier: Apache-2.0
#include "base/open_beneath.hpp"

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"

namespace skrei {
namespace {

TEST(OpenBeneath, OpensFilesAndRefusesLinksAndWaysOut) {
  const testing::TempDir dir;
  std::filesystem::create_directory(dir.path() / "in");
  std::ofstream(dir.path() / "in" / "file") << "x";
  std::ofstream(dir.path() / "out") << "x";
  std::filesystem::create_symlink("file", dir.path() / "in" / "link");
  const UniqueFd folder = open_file(dir.path() / "in", O_RDONLY | O_DIRECTORY).value();

  EXPECT_TRUE(open_beneath(folder.get(), "file", O_RDONLY));
  EXPECT_EQ(open_beneath(folder.get(), "link", O_RDONLY).error().code, Code::InvalidArgument);
  EXPECT_EQ(open_beneath(folder.get(), "../out", O_RDONLY).error().code, Code::InvalidArgument);
  EXPECT_EQ(open_beneath(folder.get(), "/etc/passwd", O_RDONLY).error().code,
            Code::InvalidArgument);
  EXPECT_EQ(open_beneath(folder.get(), "none", O_RDONLY).error().code, Code::NotFound);
}

TEST(OpenBeneath, RefusesAnotherMount) {
  const UniqueFd root = open_file("/", O_RDONLY | O_DIRECTORY).value();

  EXPECT_TRUE(open_beneath(root.get(), "proc", O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(open_beneath(root.get(), "proc", O_RDONLY | O_DIRECTORY, Mounts::Refuse).error().code,
            Code::InvalidArgument);
}

}  // namespace
}  // namespace skrei
