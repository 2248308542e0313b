// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"
#include "compute/kept_output.hpp"
#include "compute/work.hpp"
#include "executor/engines.hpp"
#include "publisher/publisher.hpp"
#include "storage/input_source.hpp"

namespace skrei::compute {

/// Carries executions out with the engines, input sources and publishers of this node:
///
///   1. result folders are made, inputs prepared (materialised, mounted),
///      the task key computed from them                                        Preparing
///   2. the engine runs the program; its output goes to bounded streams        Running
///   3. outputs are published, if the task names a publisher                   Publishing
///   4. inputs are released; the result goes to the decider
///   5. forget(), when the requester has the result: result folders and the engine's records go;
///      the output streams stay readable as long as kept_output.hpp says
///
/// After a restart a resumed execution goes on at step 2 with what the engine found.
class ExecutionWork final : public Work {
 public:
  struct Options {
    NodeId node;
    /// `<folder>/<execution id>`, shared with the engines.
    std::filesystem::path executions;
    /// Names of host variables that jobs may ask for.
    std::vector<std::string> env_allow;
    /// Bytes a task may write that says nothing about disk.
    std::uint64_t disk_default = std::uint64_t{10} << 30;
    /// Of the output of ended executions.
    KeptOutput::Bounds kept = {};
    /// Time for all inputs of an execution.
    Duration prepare_limit = std::chrono::minutes(5);
  };

  /// All handed in outlives it.
  ExecutionWork(async::Loop& loop, async::BlockingPool& pool, const Clock& clock, Random& random,
                executor::Engines& engines, storage::InputSources& inputs,
                publisher::Publishers& publishers, Options options);
  ~ExecutionWork() override;

  /// Once, before anything else: lets every engine find what earlier runs of the node left, and
  /// counts the kept output. `hosted` is what the node's records say it holds; what an engine finds
  /// besides was given up when the node went down, and is ended and forgotten in the background.
  /// An engine that cannot recover is an error.
  async::Task<Result<void>> recover(const std::vector<protocol::HostedExecution>& hosted);
  /// Ends the object's own tasks; programs go on.
  async::Task<void> stop_all();

  async::Task<Assessment> assess(Assess question) override;
  async::Task<protocol::ExecutionResult> carry_out(protocol::HostedExecution hosted,
                                                   Beginning beginning,
                                                   OnProgress on_progress) override;
  void stop(const ExecutionId& execution, const std::string& reason) override;
  async::Task<void> forget(ExecutionId execution) override;

  /// Output of executions that ended, for retention.
  KeptOutput& kept_output();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::compute
