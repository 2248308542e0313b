// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "protocol/rows.hpp"

namespace skrei::jobstore {

/// Where deciders' rows go: the writing end of a durable store (job_store.hpp has the commit rule).
class Committer {
 public:
  virtual ~Committer() = default;

  /// Batches become durable in the order of the calls, each whole or not at all; `synced` runs once
  /// its batch is, in the same order, never within the call.
  virtual void commit(protocol::Batch batch, std::move_only_function<void()> synced) = 0;
};

}  // namespace skrei::jobstore
