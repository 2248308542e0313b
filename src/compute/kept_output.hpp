// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"

namespace skrei::compute {

/// The folders of executions that ended and were forgotten: their output streams stay readable
/// until there are too many of them, they have too many bytes, they are too old, or their job goes.
/// The oldest go first. On the loop thread; files are touched on the pool.
class KeptOutput {
 public:
  struct Bounds {
    std::size_t executions_max = 10'000;
    std::uint64_t bytes_max = std::uint64_t{10} << 30;
    /// New ones are measured, and the bounds kept, once for so many.
    std::size_t checked_every = 64;
  };

  KeptOutput(async::BlockingPool& pool, std::filesystem::path executions, Bounds bounds)
      : pool_(pool), executions_(std::move(executions)), bounds_(bounds) {}

  /// At start: takes what earlier runs kept.
  async::Task<Result<void>> load();

  /// One more, which ended at `ended`; drops what is beyond the bounds.
  async::Task<Result<void>> add(ExecutionId id, WallTime ended);

  /// What ended before goes.
  async::Task<Result<std::size_t>> remove_older(WallTime than);
  /// These go; others than those kept here are left alone. How many went.
  async::Task<Result<std::size_t>> remove(std::vector<ExecutionId> ids);

  std::size_t executions() const { return by_id_.size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Kept {
    ExecutionId id;
    WallTime ended;
    std::uint64_t bytes = 0;
  };

  void insert(Kept kept);
  Kept take(std::map<std::uint64_t, Kept>::iterator entry);
  async::Task<Result<void>> measure();
  async::Task<Result<std::size_t>> remove_files(std::vector<ExecutionId> ids);

  async::BlockingPool& pool_;
  std::filesystem::path executions_;
  Bounds bounds_;
  std::map<std::uint64_t, Kept> by_age_;  // By a number that counts up: the oldest first.
  std::map<ExecutionId, std::uint64_t> by_id_;
  std::vector<std::uint64_t> unmeasured_;
  std::uint64_t next_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace skrei::compute
