// SPDX-License-Identifier: Apache-2.0
#include "node/data_dir.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing/temp_dir.hpp"

namespace skrei::node {
namespace {

class DataDirTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<DataDir>> open() { return DataDir::open(path_, random_); }

  void write(const char* name, const char* text) { std::ofstream(path_ / name) << text; }

  testing::TempDir parent_;
  std::filesystem::path path_ = parent_.path() / "data";
  SystemRandom random_;
};

TEST_F(DataDirTest, IsMadePrivateAndKeepsTheNodeId) {
  NodeId first;
  {
    auto dir = open();
    ASSERT_TRUE(dir) << dir.error().message;
    first = (*dir)->node_id();
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
  }
  EXPECT_EQ((*open())->node_id(), first);
  EXPECT_TRUE(first.str().starts_with("n-"));
}

TEST_F(DataDirTest, IsHeldByOneProcessAtATimeAndNamesTheHolder) {
  auto held = open();
  ASSERT_TRUE(held);

  const auto second = open();

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::FailedPrecondition);
  EXPECT_NE(second.error().message.find(fmt::format("process {}", ::getpid())), std::string::npos);
}

TEST_F(DataDirTest, RefusesANewerFormAndGarbage) {
  ASSERT_TRUE(open());
  write("VERSION", "skrei 2\n");
  EXPECT_NE(open().error().message.find("newer Skrei"), std::string::npos);
  write("VERSION", "hello\n");
  EXPECT_EQ(open().error().code, Code::FailedPrecondition);
}

TEST_F(DataDirTest, RefusesAnotherProgramsFolder) {
  std::filesystem::create_directory(path_);
  write("system_metadata.yaml", "");

  const auto dir = open();

  ASSERT_FALSE(dir);
  EXPECT_NE(dir.error().message.find("Bacalhau"), std::string::npos);
}

TEST_F(DataDirTest, RefusesLinksFilesAndFoldersOthersCanWrite) {
  std::filesystem::create_directory(parent_.path() / "real");
  std::filesystem::create_directory_symlink(parent_.path() / "real", path_);
  EXPECT_NE(open().error().message.find("symbolic link"), std::string::npos);
  std::filesystem::remove(path_);
  std::ofstream(path_) << "file";
  EXPECT_NE(open().error().message.find("not a folder"), std::string::npos);
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  ASSERT_EQ(::chmod(path_.c_str(), 0777), 0);
  EXPECT_EQ(open().error().code, Code::PermissionDenied);
}

}  // namespace
}  // namespace skrei::node
