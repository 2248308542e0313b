// SPDX-License-Identifier: Apache-2.0
#include "compute/result_files.hpp"

#include <filesystem>
#include <optional>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "async/loop.hpp"
#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"

namespace skrei::compute {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class ResultFiles : public ::testing::Test {
 protected:
  fs::path make(const std::string& name) {
    const fs::path path = dir.path() / name;
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(write_file_atomically(path, as_bytes("x")));
    return path;
  }

  testing::TempDir dir;
};

TEST_F(ResultFiles, FoldersAreMadeForTheirOwnerOnly) {
  const fs::path folder = dir.path() / "results" / "0";

  ASSERT_TRUE(make_result_folders({{.name = "o", .target = "/o", .host_folder = folder}}));

  EXPECT_TRUE(fs::is_empty(folder));
  struct stat status{};
  ASSERT_EQ(::stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(ResultFiles, AFolderThatCannotBeMadeIsNamed) {
  const fs::path file = make("results");

  const auto made = make_result_folders({{.name = "o", .target = "/o", .host_folder = file / "0"}});

  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find((file / "0").native()), std::string::npos);
}

TEST_F(ResultFiles, RemovesWhatAProgramHasLockedUp) {
  make("e-1/results/0/locked/deeper/file");
  fs::permissions(dir.path() / "e-1/results/0/locked/deeper", fs::perms::none);
  fs::permissions(dir.path() / "e-1/results/0/locked", fs::perms::none);

  ASSERT_TRUE(remove_tree(dir.path() / "e-1"));

  EXPECT_FALSE(fs::exists(dir.path() / "e-1"));
  EXPECT_TRUE(remove_tree(dir.path() / "e-1")) << "it is not there";
}

TEST_F(ResultFiles, FindsExecutionsThatHaveAFolder) {
  make("e-1/results/0/file");
  make("e-2/published-stdout");
  make("e-3.single/1/file");
  make("e-4.run");

  EXPECT_EQ(executions_with_folder(dir.path()).value(),
            (std::set{ExecutionId("e-1"), ExecutionId("e-2")}));
  EXPECT_EQ(executions_with_folder(dir.path() / "none").error().code, Code::NotFound);
}

/// An engine whose stream lost its middle.
class GapEngine final : public executor::Engine {
 public:
  std::string_view name() const override { return "gap"; }
  Result<void> check(const model::Task& /*task*/) const override { return {}; }
  async::Task<Result<std::vector<executor::FoundExecution>>> recover() override {
    co_return std::vector<executor::FoundExecution>();
  }
  async::Task<Result<void>> start(executor::ExecutionSpec /*spec*/) override {
    co_return Result<void>();
  }
  async::Task<Result<executor::Exit>> wait(ExecutionId /*id*/) override {
    co_return executor::Exit{};
  }
  async::Task<Result<void>> cancel(ExecutionId, executor::CancelRequest) override {
    co_return Result<void>();
  }
  async::Task<Result<void>> release(ExecutionId /*id*/) override { co_return Result<void>(); }
  async::Task<Result<executor::OutputChunk>> read_output(executor::OutputRequest request) override {
    executor::OutputChunk chunk;
    if (request.offset == 0) {
      chunk.bytes = to_bytes("head");
    } else {
      chunk = {.bytes = to_bytes("tail"),
               .offset = 100,
               .dropped = executor::ByteRange{4, 100},
               .end_of_stream = true};
    }
    co_return chunk;
  }
  async::Task<Result<executor::OutputChunk>> follow_output(executor::OutputRequest r) override {
    co_return co_await read_output(std::move(r));
  }
  async::Task<void> stop() override { co_return; }
};

TEST_F(ResultFiles, ACopyOfOutputSaysWhatIsMissing) {
  async::Loop loop;
  async::BlockingPool pool({.threads = 1});
  GapEngine engine;
  std::optional<Result<void>> copied;
  const auto copy = [](async::BlockingPool& on, executor::Engine& from, fs::path to,
                       std::optional<Result<void>>& answer) -> async::Task<void> {
    answer = co_await copy_output(on, from, ExecutionId("e-1"), executor::OutputSource::Stdout, to);
  };

  loop.run_task(copy(pool, engine, dir.path() / "copy", copied));

  ASSERT_TRUE(*copied);
  const auto text = read_file(dir.path() / "copy", 1000).value();
  EXPECT_EQ(as_chars(text), "head\n[96 bytes were dropped here]\ntail");
}

}  // namespace
}  // namespace skrei::compute
