// SPDX-License-Identifier: Apache-2.0
#include "executor/execution_file.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "base/fd.hpp"
#include "base/hash.hpp"
#include "base/testing/temp_dir.hpp"

namespace skrei::executor {
namespace {

class ExecutionFiles : public ::testing::Test {
 protected:
  ExecutionFile file(const std::string& id) {
    auto file = ExecutionFile::create(executions_.path(), ExecutionId(id));
    EXPECT_TRUE(file) << file.error().message;
    return std::move(file).value();
  }
  std::filesystem::path path(const std::string& name) const { return executions_.path() / name; }

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

TEST_F(ExecutionFiles, RecordsComeBackAsTheyWere) {
  const auto one = file("e-1");
  const StartRecord start{"wasm", WallTime(Duration(5)), {1, 2, 0}};
  EXPECT_FALSE(one.has_begun().value());

  ASSERT_TRUE(one.write_start(start));
  EXPECT_FALSE(one.has_begun().value());
  ASSERT_TRUE(one.mark_begun());
  ASSERT_TRUE(one.write_exit(kExit));

  EXPECT_TRUE(one.has_begun().value());

  EXPECT_EQ(one.read_start().value(), start);
  EXPECT_EQ(one.read_exit().value(), kExit);
}

TEST_F(ExecutionFiles, ARecordOfANewerVersionIsRefusedWithASentence) {
  const auto one = file("e-1");
  ASSERT_TRUE(one.write_exit(kExit));
  Bytes bytes = read_file(path("e-1.run"), 1 << 20).value();
  const std::size_t content = bytes.size() - 8;
  bytes[2048 + 8] = 3;
  const Sha256Digest digest = sha256(ByteView(bytes).subspan(2048, content - 2048));
  std::copy_n(digest.begin(), 8, bytes.begin() + static_cast<std::ptrdiff_t>(content));
  ASSERT_TRUE(write_file_atomically(path("e-2.run"), bytes));

  const auto exit = ExecutionFile::open(executions_.path(), ExecutionId("e-2"))->read_exit();

  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code, Code::FailedPrecondition);
  EXPECT_EQ(exit.error().message,
            path("e-2.run").native() + ": a record of version 3; this Skrei knows version 2");
  EXPECT_FALSE(exit.error().hint.empty());
}

TEST_F(ExecutionFiles, AMessageWithoutEndIsCut) {
  const auto one = file("e-1");
  Exit exit = kExit;
  exit.message = std::string((16 << 10) - 1, 'x') + "\xc3\xa9" + std::string(1 << 20, 'y');

  ASSERT_TRUE(one.write_exit(exit));

  EXPECT_EQ(one.read_exit().value()->message, std::string((16 << 10) - 1, 'x'));
}

TEST_F(ExecutionFiles, AStartRecordThatDoesNotFitIsAnError) {
  const auto written = file("e-1").write_start({.engine = "wasm", .state = Bytes(2000, 1)});

  EXPECT_EQ(written.error().code, Code::Internal);
}

TEST_F(ExecutionFiles, AbsentAndDamagedRecordsAreAbsent) {
  const auto one = file("e-1");
  EXPECT_EQ(one.read_exit().value(), std::nullopt);
  EXPECT_EQ(one.read_start().value(), std::nullopt);

  ASSERT_TRUE(one.write_exit(kExit));
  const auto size = std::filesystem::file_size(path("e-1.run"));
  for (std::uintmax_t length = 2048; length < size; ++length) {
    ASSERT_TRUE(one.write_exit(kExit));
    std::filesystem::resize_file(path("e-1.run"), length);
    EXPECT_EQ(one.read_exit().value(), std::nullopt) << length;
  }
  ASSERT_TRUE(one.write_exit(kExit));
  std::fstream(path("e-1.run"), std::ios::in | std::ios::out).seekp(2048 + 20).put(9);
  EXPECT_EQ(one.read_exit().value(), std::nullopt);
}

TEST_F(ExecutionFiles, StreamsAndRecordsDoNotTouchEachOther) {
  const auto one = file("e-1");
  const OutputRetention retention{.head_bytes = 10, .tail_bytes = 20};
  OutputWriter out = one.writer(OutputSource::Stdout, retention);
  OutputWriter err = one.writer(OutputSource::Stderr, retention);
  const StartRecord start{"wasm", WallTime(Duration(5)), {1, 2, 0}};
  EXPECT_EQ(one.reader(OutputSource::Stdout)->read(0, 100, Framing::Exact), OutputChunk());

  ASSERT_TRUE(one.write_start(start));
  ASSERT_TRUE(err.append(Bytes(100, 'e')));
  ASSERT_TRUE(out.append(Bytes(100, 'o')));
  ASSERT_TRUE(one.write_exit(kExit));

  EXPECT_EQ(one.reader(OutputSource::Stdout)->read(80, 100, Framing::Exact)->bytes, Bytes(20, 'o'));
  EXPECT_EQ(one.reader(OutputSource::Stderr)->read(0, 10, Framing::Exact)->bytes, Bytes(10, 'e'));
  EXPECT_EQ(one.reader(OutputSource::Stderr)->read(80, 100, Framing::Exact)->bytes, Bytes(20, 'e'));
  EXPECT_EQ(one.read_start().value(), start);
  EXPECT_EQ(one.read_exit().value(), kExit);
}

TEST_F(ExecutionFiles, StartedListsWhatIsNotReleasedOfOneEngine) {
  for (const auto& [id, engine] :
       {std::pair("e-2", "wasm"), {"e-1", "wasm"}, {"e-3", "noop"}, {"e-4", "wasm"}}) {
    ASSERT_TRUE(file(id).write_start({.engine = engine}));
  }
  ASSERT_TRUE(ExecutionFile::release(executions_.path(), ExecutionId("e-4")));
  std::ofstream(path("a file")) << "x";
  std::ofstream(path("e-5.single")) << "x";

  EXPECT_EQ(ExecutionFile::started(executions_.path(), "wasm").value(),
            (std::vector{ExecutionId("e-1"), ExecutionId("e-2")}));
  EXPECT_TRUE(ExecutionFile::started(path("none"), "wasm").value().empty());
}

TEST_F(ExecutionFiles, ReleasedListsTheOldestFirst) {
  for (const char* id : {"e-new", "e-old", "e-running"})
    file(id);
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(path("e-old.run"), now - std::chrono::hours(2));
  for (const char* id : {"e-new", "e-old", "e-old"})
    ASSERT_TRUE(ExecutionFile::release(executions_.path(), ExecutionId(id)));

  EXPECT_EQ(ExecutionFile::released(executions_.path()).value(),
            (std::vector{ExecutionId("e-old"), ExecutionId("e-new")}));
}

TEST_F(ExecutionFiles, WhatWasReleasedCanBeReadUntilItIsRemoved) {
  const ExecutionId id("e-1");
  ASSERT_TRUE(file("e-1").write_exit(kExit));
  ASSERT_TRUE(ExecutionFile::release(executions_.path(), id));

  EXPECT_EQ(ExecutionFile::open(executions_.path(), id).error().code, Code::NotFound);
  EXPECT_EQ(ExecutionFile::open_to_read(executions_.path(), id)->read_exit().value(), kExit);
  ASSERT_TRUE(ExecutionFile::remove(executions_.path(), id));
  ASSERT_TRUE(ExecutionFile::remove(executions_.path(), id)) << "nothing left to do";
  EXPECT_EQ(ExecutionFile::open_to_read(executions_.path(), id).error(),
            (Error{Code::NotFound, "execution e-1: not found"}));
}

TEST_F(ExecutionFiles, AnIdIsOneName) {
  for (const char* id : {"", "..", "a/b", "a.b", "a b", "\xff"}) {
    const auto made = ExecutionFile::create(executions_.path(), ExecutionId(id));
    ASSERT_FALSE(made) << id;
    EXPECT_EQ(made.error().code, Code::InvalidArgument);
  }
}

}  // namespace
}  // namespace skrei::executor
