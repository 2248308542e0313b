// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>

#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/clock.hpp"
#include "executor/engine.hpp"
#include "executor/execution_file.hpp"
#include "executor/execution_table.hpp"
#include "executor/output_files.hpp"

namespace skrei::executor::noop {

/// The engine "noop": does what its parameters say without starting a process. For tests, and for
/// measuring everything around the engines. An execution goes on in the records of its folder while
/// no node runs: its end is a moment, not an event.
///
/// Parameters, all optional:
///   ExitCode          whole number
///   DurationMillis    how long it takes; the output is there at once
///   Stdout, Stderr    text; StdoutBase64, StderrBase64: bytes
///   Repeat            how often Stdout is written
///   PrintEnvironment  true: "arg N TEXT" for each of Parameters, "env NAME=VALUE" for each
///   variable Parameters        list of texts Cat               list of paths below inputs: files
///   that are copied to stdout Write             {path below a result path: text}
class NoopExecutor final : public Engine {
 public:
  struct Options {
    std::filesystem::path executions;
    OutputRetention retention;
  };

  /// Everything handed in outlives the engine.
  NoopExecutor(async::Loop& loop, async::BlockingPool& pool, const Clock& clock, Options options);

  std::string_view name() const override { return "noop"; }
  Result<void> check(const model::Task& task) const override;
  async::Task<Result<std::vector<FoundExecution>>> recover() override;
  async::Task<Result<void>> start(ExecutionSpec spec) override;
  async::Task<Result<Exit>> wait(ExecutionId id) override;
  async::Task<Result<void>> cancel(ExecutionId id, CancelRequest request) override;
  async::Task<Result<void>> release(ExecutionId id) override;
  async::Task<Result<OutputChunk>> read_output(OutputRequest request) override;
  async::Task<Result<OutputChunk>> follow_output(OutputRequest request) override;
  async::Task<void> stop() override;

 private:
  async::Task<Result<void>> start_new(ExecutionSpec spec);
  async::Task<void> end_in_time(ExecutionId id, Exit exit);
  async::Task<Result<void>> end(ExecutionId id, Exit exit);

  async::Loop& loop_;
  async::BlockingPool& pool_;
  const Clock& clock_;
  Options options_;
  OutputFiles output_;
  ExecutionTable table_;
  std::set<ExecutionId> ending_;  // Their exit records are being written.
  async::TaskScope scope_;
};

}  // namespace skrei::executor::noop
