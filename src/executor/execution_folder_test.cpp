// SPDX-License-Identifier: Apache-2.0
#include "executor/execution_folder.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "base/fd.hpp"
#include "base/hash.hpp"
#include "base/testing/temp_dir.hpp"

namespace skrei::executor {
namespace {

class ExecutionFolders : public ::testing::Test {
 protected:
  ExecutionFolder folder(const std::string& id) {
    auto folder = ExecutionFolder::of(executions_.path(), ExecutionId(id));
    EXPECT_TRUE(folder && folder->make());
    return std::move(folder).value();
  }

  skrei::testing::TempDir executions_;
};

const Exit kExit{
    .kind = ExitKind::LimitExceeded,
    .limit = LimitKind::Memory,
    .exit_code = -1,
    .message = "memory: used 2 of 2GiB",
    .peak = {.memory_bytes = 7, .disk_bytes = 8, .cpu_time = std::chrono::microseconds(9)},
    .resident_peak_bytes = 10,
    .started = WallTime(Duration(11)),
    .ended = WallTime(Duration(12))};

TEST_F(ExecutionFolders, RecordsComeBackAsTheyWere) {
  const auto one = folder("e-1");
  const StartRecord start{"wasm", WallTime(Duration(5)), {1, 2, 0}};

  ASSERT_TRUE(one.write_start(start));
  ASSERT_TRUE(one.write_exit(kExit));

  EXPECT_EQ(one.read_start().value(), start);
  EXPECT_EQ(one.read_exit().value(), kExit);
}

TEST_F(ExecutionFolders, ARecordOfANewerVersionIsRefusedWithASentence) {
  const auto one = folder("e-1");
  ASSERT_TRUE(one.write_exit(kExit));
  const auto file = one.path() / "exit";
  Bytes bytes = read_file(file, 1 << 20).value();
  const std::size_t content = bytes.size() - 8;
  bytes[8] = 2;
  const Sha256Digest digest = sha256(ByteView(bytes).first(content));
  std::copy_n(digest.begin(), 8, bytes.begin() + static_cast<std::ptrdiff_t>(content));
  ASSERT_TRUE(write_file_atomically(file, bytes));

  const auto exit = one.read_exit();

  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code, Code::FailedPrecondition);
  EXPECT_EQ(exit.error().message,
            file.native() + ": a record of version 2; this Skrei knows version 1");
  EXPECT_FALSE(exit.error().hint.empty());
}

TEST_F(ExecutionFolders, AbsentAndDamagedRecordsAreAbsent) {
  const auto one = folder("e-1");
  EXPECT_EQ(one.read_exit().value(), std::nullopt);

  ASSERT_TRUE(one.write_exit(kExit));
  const auto file = one.path() / "exit";
  const auto size = std::filesystem::file_size(file);
  for (std::uintmax_t length = 0; length < size; ++length) {
    ASSERT_TRUE(one.write_exit(kExit));
    std::filesystem::resize_file(file, length);
    EXPECT_EQ(one.read_exit().value(), std::nullopt) << length;
  }
}

TEST_F(ExecutionFolders, StartedListsWhatIsNotReleasedOfOneEngine) {
  ASSERT_TRUE(folder("e-2").write_start({.engine = "wasm"}));
  ASSERT_TRUE(folder("e-1").write_start({.engine = "wasm"}));
  ASSERT_TRUE(folder("e-3").write_start({.engine = "noop"}));
  ASSERT_TRUE(folder("e-4").write_start({.engine = "wasm"}));
  ASSERT_TRUE(folder("e-4").remove_start());
  std::ofstream(executions_.path() / "a file") << "x";

  EXPECT_EQ(ExecutionFolder::started(executions_.path(), "wasm").value(),
            (std::vector{ExecutionId("e-1"), ExecutionId("e-2")}));
  EXPECT_TRUE(ExecutionFolder::started(executions_.path() / "none", "wasm").value().empty());
}

TEST_F(ExecutionFolders, AnIdIsOneName) {
  for (const char* id : {"", "..", "a/b", "a.b", "a b", "\xff"}) {
    const auto folder = ExecutionFolder::of(executions_.path(), ExecutionId(id));
    ASSERT_FALSE(folder) << id;
    EXPECT_EQ(folder.error().code, Code::InvalidArgument);
  }
}

}  // namespace
}  // namespace skrei::executor
