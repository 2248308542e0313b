// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/random.hpp"
#include "multi/cid.hpp"
#include "protocol/hosted.hpp"
#include "storage/input_source.hpp"

namespace skrei::compute {

/// An input of a task, as it was prepared.
struct ResolvedInput {
  std::string target;
  storage::PreparedInput prepared;
};

/// Computes the task keys of this node's executions (model/task_key.hpp) from what they declare and
/// what their inputs turned out to be. On the loop thread.
class TaskKeys {
 public:
  /// Programs whose digests are remembered.
  static constexpr std::size_t kDigestsMax = 1024;

  /// Both outlive it.
  TaskKeys(async::BlockingPool& pool, Random& random) : pool_(pool), random_(random) {}

  /// The key as text; empty for an engine whose programs have no digest ("noop"). A module is
  /// hashed on the pool, once per CID of its input. The arguments live until the answer is there.
  /// InvalidArgument as model::task_key(), or if a module's input is missing; errors of reading it.
  async::Task<Result<std::string>> key_of(const protocol::HostedExecution& hosted,
                                          const std::vector<ResolvedInput>& inputs);

 private:
  /// The file's bytes as one raw CID, however its input was chunked.
  async::Task<Result<multi::Cid>> digest_of(const std::vector<ResolvedInput>& inputs,
                                            std::string target);
  void remember(const multi::Cid& input, const multi::Cid& digest);

  async::BlockingPool& pool_;
  Random& random_;
  std::map<multi::Cid, multi::Cid> digests_;  // By the CID of the input.
  std::deque<multi::Cid> remembered_;         // Its keys, the oldest first.
};

}  // namespace skrei::compute
