// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "protocol/rows.hpp"

namespace skrei::jobstore::testing {

/// The batches that a node which is requester and compute node at once writes, one after another:
/// submissions with their keys, awards, the phases of hosted executions, results, acknowledgements,
/// and ended jobs that retention takes away. The same seed gives the same batches.
class NodeLoad {
 public:
  explicit NodeLoad(std::uint64_t seed) : random_(seed) {}

  protocol::Batch next();

 private:
  struct Life {
    model::Job job;
    model::Execution execution;
    protocol::HostedExecution hosted;
    int step = 0;
  };

  std::uint64_t pick(std::uint64_t below) { return random_.next_u64() % below; }
  Life submit();
  /// The rows of the next step; `life` is done after the last.
  protocol::Batch advance(Life& life);
  protocol::Batch end(Life& life);

  SeededRandom random_;
  std::uint64_t jobs_ = 0;
  std::vector<Life> lives_;
};

}  // namespace skrei::jobstore::testing
