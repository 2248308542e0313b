// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/guest_folders.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"

namespace skrei::executor::wasm {
namespace {

class GuestFolders : public ::testing::Test {
 protected:
  GuestFolders() {
    std::filesystem::create_directory(dir_);
    std::ofstream(file_) << "content";
  }
  Result<std::vector<GuestFolder>> lay(std::vector<InputMount> inputs,
                                       std::vector<ResultMount> results = {}) {
    return lay_out(inputs, results, scratch_);
  }

  skrei::testing::TempDir temp_;
  std::filesystem::path dir_ = temp_.path() / "dir";
  std::filesystem::path file_ = temp_.path() / "file";
  std::filesystem::path scratch_ = temp_.path() / "scratch";
};

TEST_F(GuestFolders, FoldersAreSeenAsTheyAre) {
  EXPECT_EQ(lay({{dir_, "/inputs/", Access::ReadOnly}, {dir_, "/work", Access::ReadWrite}},
                {{"outputs", "/outputs", dir_}})
                .value(),
            (std::vector<GuestFolder>{{"/inputs", dir_, Access::ReadOnly},
                                      {"/work", dir_, Access::ReadWrite},
                                      {"/outputs", dir_, Access::ReadWrite, true}}));
}

TEST_F(GuestFolders, SingleFilesShareAFolderThatStandsForTheirParent) {
  const auto folders = lay({{file_, "/data/a.csv"}, {file_, "/data/b.csv"}, {file_, "/c"}}).value();

  ASSERT_EQ(folders.size(), 2u);
  EXPECT_EQ(folders[0].guest_path, "/");
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(folders[0].host_path) / "c"));
  EXPECT_EQ(folders[1].guest_path, "/data");
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(folders[1].host_path) / "a.csv"));
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(folders[1].host_path) / "b.csv"));
  EXPECT_EQ(folders[1].access, Access::ReadOnly);
}

TEST_F(GuestFolders, WhatAnEarlierAttemptLeftIsNoHindrance) {
  EXPECT_TRUE(lay({{file_, "/data/a.csv"}}));
  EXPECT_TRUE(lay({{file_, "/data/a.csv"}}));
}

TEST_F(GuestFolders, ImpossibleTargetsAreRefusedWithASentence) {
  const auto message = [&](std::vector<InputMount> inputs) {
    return lay(inputs).error().message;
  };

  EXPECT_EQ(message({{dir_, "inputs"}}), "target \"inputs\": not an absolute path without \"..\"");
  EXPECT_EQ(message({{dir_, "/a/../b"}}),
            "target \"/a/../b\": not an absolute path without \"..\"");
  EXPECT_EQ(message({{dir_, "/a"}, {dir_, "/a/"}}), "target /a: used by two inputs or results");
  EXPECT_EQ(message({{dir_, "/a"}, {file_, "/a/b"}}),
            "an input that is a single file lies directly in /a, which is a target itself; choose "
            "another target for it");
  EXPECT_EQ(message({{file_, "/a/b", Access::ReadWrite}}),
            "input /a/b: a single file cannot be writable for a WASM program; give its folder");
  EXPECT_EQ(lay({{temp_.path() / "none", "/a"}}).error().code, Code::NotFound);
}

}  // namespace
}  // namespace skrei::executor::wasm
