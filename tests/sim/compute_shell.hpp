// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compute/decider.hpp"
#include "jobstore/commit_gate.hpp"
#include "sim/machine.hpp"

namespace skrei::sim {

/// Key of a job's meta: how many milliseconds its programs run.
inline constexpr std::string_view kRunsMeta = "sim.runs_ms";

/// Carries out what the compute half of a node decides, as compute::Service and ExecutionWork do:
/// prepares, has the engine run, publishes.
class ComputeShell {
 public:
  ComputeShell(Machine& machine, const std::string& boot_id, const std::string& run_id);

  void recover(std::vector<protocol::HostedExecution> hosted);
  void on_message(const NodeId& from, const protocol::Message& message);
  void on_peer(const swarm::PeerEvent& event);
  /// The engine says so, whoever ended the program.
  void on_program_end(const ExecutionId& execution);

  const compute::Decider& decider() const { return decider_; }

 private:
  enum class Step { Preparing, Running, Publishing };
  struct Task {
    protocol::HostedExecution hosted;
    Step step = Step::Preparing;
    bool stopped = false;
  };

  void apply(compute::Effects effects);
  void release(std::vector<protocol::Send> sends, std::vector<compute::Action> actions,
               std::uint64_t ticket);
  void carry_out(compute::Action action);
  void assess(const OfferId& offer);
  void start(protocol::HostedExecution hosted);
  void run(const ExecutionId& id);
  void resume(protocol::HostedExecution hosted);
  void stop(const ExecutionId& id);
  void publish(const ExecutionId& id, protocol::ExecutionResult result);
  void progress(const ExecutionId& id, protocol::HostedPhase phase);
  void finish(const ExecutionId& id, protocol::ExecutionResult result);
  void announce();

  Machine& machine_;
  compute::Decider decider_;
  jobstore::CommitGate gate_;
  Alarm alarm_;
  std::map<ExecutionId, Task> tasks_;
  model::ComputeNodeInfo announced_;
  bool announcing_ = false;
  /// The last batch of this half, as a number of the disk.
  std::uint64_t ticket_ = 0;
};

}  // namespace skrei::sim
