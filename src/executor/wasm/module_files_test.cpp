// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/module_files.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"

namespace skrei::executor::wasm {
namespace {

TEST(ModuleFiles, ADigestIsThatOfTheBytesAndChangesWithTheFile) {
  const skrei::testing::TempDir folder;
  const auto path = folder.path() / "app.wasm";
  ModuleFiles files(2);

  std::ofstream(path) << "first";
  EXPECT_EQ(files.open(path).value().digest, sha256(as_bytes("first")));
  EXPECT_EQ(files.open(path).value().digest, sha256(as_bytes("first")));
  std::ofstream(path, std::ios::trunc) << "another one";
  EXPECT_EQ(files.open(path).value().digest, sha256(as_bytes("another one")));
}

TEST(ModuleFiles, OnlyFilesAreModules) {
  const skrei::testing::TempDir folder;
  ModuleFiles files;

  EXPECT_EQ(files.open(folder.path()).error().message,
            folder.path().native() + ": not a file; a WASM module is one");
  EXPECT_EQ(files.open(folder.path() / "none").error().code, Code::NotFound);
}

}  // namespace
}  // namespace skrei::executor::wasm
