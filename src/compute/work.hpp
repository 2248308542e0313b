// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "async/task.hpp"
#include "base/ids.hpp"
#include "compute/decider.hpp"
#include "protocol/hosted.hpp"
#include "protocol/outcome.hpp"

namespace skrei::compute {

/// How an execution comes to be carried out.
enum class Beginning {
  Fresh,    ///< Nothing of it has been started.
  Resumed,  ///< It was started before this process: it is found again, never started again.
};

/// What the compute half needs done in the world: input, engines, results. One object per node, on
/// the loop thread; many calls at a time.
class Work {
 public:
  /// Called on the way, on the loop thread.
  using OnProgress = std::function<void(Progress)>;

  virtual ~Work() = default;

  /// What the job would need on this node, and whether the node can have it.
  virtual async::Task<Assessment> assess(Assess question) = 0;

  /// Prepares, runs and publishes one execution; each failure on the way is a result. Once per
  /// execution and process. If the calling task is cancelled the program goes on, for a later
  /// process to resume.
  virtual async::Task<protocol::ExecutionResult> carry_out(protocol::HostedExecution hosted,
                                                           Beginning beginning,
                                                           OnProgress on_progress) = 0;

  /// Makes a carry_out() under way end soon. Idempotent; nothing happens for an unknown id.
  virtual void stop(const ExecutionId& execution, const std::string& reason) = 0;

  /// The result is recorded elsewhere: what is kept of the execution may go by its retention.
  virtual async::Task<void> forget(ExecutionId execution) = 0;
};

}  // namespace skrei::compute
