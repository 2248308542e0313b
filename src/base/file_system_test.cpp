// SPDX-License-Identifier: Apache-2.0
#include "base/file_system.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/testing/temp_dir.hpp"

namespace skrei {
namespace {

TEST(SystemFiles, WritesReadsCutsAndLists) {
  const testing::TempDir folder;
  FileSystem& files = system_files();
  const auto path = folder.path() / "a";
  {
    const auto file = files.open(path, FileSystem::Open::Create).value();
    ASSERT_TRUE(file->write_at(as_bytes("hello"), 3));
    ASSERT_TRUE(file->truncate(7));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(file->size().value(), 7);
    Bytes read(10);
    EXPECT_EQ(file->read_at(read, 2).value(), 5U);
    EXPECT_EQ(as_chars(ByteView(read).first(5)), std::string_view("\0hell", 5));
  }
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_TRUE(files.rename(path, folder.path() / "b"));
  ASSERT_TRUE(files.sync_folder(folder.path()));
  EXPECT_EQ(files.list(folder.path()).value(), std::vector<std::string>{"b"});
  EXPECT_EQ(files.open(folder.path() / "b", FileSystem::Open::Create).value()->size().value(), 7);
  EXPECT_EQ(files.open(folder.path() / "b", FileSystem::Open::Replace).value()->size().value(), 0);
  ASSERT_TRUE(files.remove(folder.path() / "b"));
  ASSERT_TRUE(files.remove(folder.path() / "b"));
}

TEST(SystemFiles, ErrorsNameThePath) {
  const testing::TempDir folder;
  FileSystem& files = system_files();
  const auto missing = folder.path() / "missing";
  std::filesystem::create_symlink(missing, folder.path() / "link");

  const auto opened = files.open(missing, FileSystem::Open::Existing);

  EXPECT_EQ(opened.error().code, Code::NotFound);
  EXPECT_TRUE(opened.error().message.contains(missing.native()));
  EXPECT_FALSE(files.open(folder.path() / "link", FileSystem::Open::Create));
  EXPECT_FALSE(files.rename(missing, folder.path() / "b"));
  EXPECT_EQ(files.list(missing).error().code, Code::NotFound);
  EXPECT_EQ(files.sync_folder(missing).error().code, Code::NotFound);
}

}  // namespace
}  // namespace skrei
