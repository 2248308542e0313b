// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "executor/engine.hpp"

namespace skrei::executor {

/// The output half of an engine that keeps its streams in execution files: read_output() and
/// follow_output() of the contract. It needs the files alone, so it also serves executions that
/// have ended, were released, or belong to another process.
class OutputFiles {
 public:
  /// How often a follower looks: at first, and at most after a while without news.
  struct Pace {
    Duration first = std::chrono::milliseconds(5);
    Duration slowest = std::chrono::milliseconds(100);
  };

  OutputFiles(std::filesystem::path executions, async::BlockingPool& pool)
      : OutputFiles(std::move(executions), pool, Pace{}) {}
  OutputFiles(std::filesystem::path executions, async::BlockingPool& pool, Pace pace)
      : executions_(std::move(executions)), pool_(pool), pace_(pace) {}

  /// NotFound if there is no such execution, or its files are gone.
  async::Task<Result<OutputChunk>> read(OutputRequest request);
  async::Task<Result<OutputChunk>> follow(OutputRequest request);

 private:
  std::filesystem::path executions_;
  async::BlockingPool& pool_;
  Pace pace_;
};

}  // namespace skrei::executor
