// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "async/blocking.hpp"
#include "async/deadline.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/testing/temp_dir.hpp"
#include "executor/engine.hpp"

namespace skrei::executor::testing {

/// A program in the form that one engine takes: its parameters, and the inputs that hold it.
struct Program {
  model::SpecConfig engine;
  std::vector<InputMount> inputs;
};

/// What the suite needs of an engine: the engine itself and programs that behave as it wants.
class EngineUnderTest {
 public:
  struct Surroundings {
    async::Loop& loop;
    async::BlockingPool& pool;
    std::filesystem::path executions;
  };

  virtual ~EngineUnderTest() = default;

  /// A new Engine over the same folder, as a restarted node makes it.
  virtual std::unique_ptr<Engine> make(Surroundings surroundings) = 0;

  /// Ends what outlives the engine object; called before the last stop().
  virtual async::Task<void> end(Engine& /*engine*/) { co_return; }

  /// Prints all 256 byte values to stdout, from 255 down to 0 to stderr.
  virtual Program all_bytes() = 0;
  /// Prints `megabytes` times 1,000,000 "x" without a newline.
  virtual Program long_line(int megabytes) = 0;
  virtual Program exit_with(int code) = 0;
  /// Ends by itself after a time.
  virtual Program sleep(std::chrono::milliseconds time) = 0;
  /// Prints "arg N TEXT" for each argument, from 1 on at least, then "env NAME=VALUE" lines.
  virtual Program print_environment(std::vector<std::string> arguments) = 0;
  /// Copies the file to stdout.
  virtual Program cat(std::string path) = 0;
  /// Writes "hello world\n" to `folder`/hello.txt.
  virtual Program write_hello(std::string folder) = 0;
  /// Tries to create /inputs/new and does not succeed; none for an engine that cannot try.
  virtual std::optional<Program> write_into_inputs() { return std::nullopt; }
};

using MakeEngineUnderTest = std::function<std::unique_ptr<EngineUnderTest>()>;

/// `make`, as the parameter of the suite. The call also makes the linker take the suite along.
MakeEngineUnderTest conforming(MakeEngineUnderTest make);

/// The suite, run on every driver:
///   INSTANTIATE_TEST_SUITE_P(Noop, EngineConformance, Values(conforming(make_noop)));
class EngineConformance : public ::testing::TestWithParam<MakeEngineUnderTest> {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Runs the loop until the task has ended; more than a minute is a failure.
  template <class T>
  Result<T> await(async::Task<Result<T>> task) {
    Result<T> result = fail(Code::Internal, "not awaited");
    loop_.run_task(store(std::move(task), result));
    return result;
  }

  /// Makes a new Engine over the same folder in place of the one in use, as a restart does.
  std::vector<FoundExecution> restart();

  ExecutionSpec spec(const std::string& id, Program program);
  void start(const ExecutionSpec& spec);
  Exit run(const ExecutionSpec& spec);
  Exit wait(const ExecutionId& id);
  /// All that is left of a stream, as followed from `offset` to its end.
  struct Followed {
    std::string bytes;
    std::vector<ByteRange> dropped;
    std::size_t largest_chunk = 0;
  };
  Followed follow(const ExecutionId& id, OutputSource source, std::uint64_t offset = 0);

  skrei::testing::TempDir folder_;
  async::Loop loop_;
  async::BlockingPool pool_{{.threads = 2, .queue_limit = 64}};
  std::unique_ptr<EngineUnderTest> subject_;
  std::unique_ptr<Engine> engine_;

 private:
  template <class T>
  static async::Task<void> store(async::Task<Result<T>> task, Result<T>& result) {
    result = co_await async::with_deadline(std::move(task), std::chrono::minutes(1), "the test");
  }
};

}  // namespace skrei::executor::testing
