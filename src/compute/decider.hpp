// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compute/options.hpp"
#include "model/event.hpp"
#include "model/node.hpp"
#include "protocol/decider.hpp"

namespace skrei::compute {

/// "Look at what this job would need here": which input bytes are missing, what the probes say. The
/// shell answers with on_assessed() once, or the decider gives up after Options::assessment_time.
struct Assess {
  OfferId offer;
  NodeId requester;
  std::shared_ptr<const model::Job> job;
  int partition_index = 0;
};

/// "Prepare, run, publish." Once for each execution, ever. The shell tells on_progress() on the way
/// and on_finished() at the end.
struct Start {
  protocol::HostedExecution hosted;
};

/// After a restart, in place of Start, for what had been started: the shell asks the engine. Still
/// running: it is followed on; ended: its outcome is published and told; not known to the engine:
/// it was lost with the node (failed, fault of the node). Never a second start.
struct Resume {
  protocol::HostedExecution hosted;
};

/// "End it." Idempotent, also where nothing runs (any more); on_finished() follows in any case.
struct Stop {
  ExecutionId execution;
  std::string reason;
};

/// The result is acknowledged, or given up: what the shell keeps of it follows its own retention.
struct Forget {
  ExecutionId execution;
};

using Action = std::variant<Assess, Start, Resume, Stop, Forget>;

struct Effects : protocol::Effects {
  std::vector<Action> actions;
};

/// The shell's answer to Assess.
struct Assessment {
  OfferId offer;
  /// Empty: the node would take the job.
  std::vector<protocol::Reason> refusals;
  std::optional<std::uint64_t> missing_bytes;
  /// An input that is certainly not whole on this node, where its size is not known; empty: none.
  std::string absent = {};
  std::uint64_t cold_bytes = 0;
};

/// A step of an execution. `phase` is Preparing, Running or Publishing; steps back are ignored, a
/// repeated phase only adds its event to the history.
struct Progress {
  ExecutionId execution;
  protocol::HostedPhase phase = protocol::HostedPhase::Preparing;
  model::Event event;
};

/// The compute half: decides what the node takes, when it starts, when it must end, and keeps each
/// result until its requester has it.
///
/// Invariants: (1) what runs and what is reserved to start at once never exceeds the capacity;
/// (2) an execution is started at most once, after its record is synced; (3) a result, once there,
/// does not change; (4) every queue is bounded (Options).
class Decider {
 public:
  explicit Decider(Options options);
  ~Decider();

  Effects on_message(const NodeId& from, const protocol::Message& message, protocol::Now now);
  Effects on_peer_up(const NodeId& node, protocol::Now now);

  Effects on_assessed(const Assessment& assessment, protocol::Now now);
  Effects on_progress(const Progress& progress, protocol::Now now);
  /// Also for an execution that is being stopped: its end is then called what the stop says.
  Effects on_finished(const ExecutionId& execution, protocol::ExecutionResult result,
                      protocol::Now now);

  /// Once, before anything else: the records of what this node held before the restart.
  Effects recover(std::vector<protocol::HostedExecution> hosted, protocol::Now now);

  std::optional<BootTime> next_wakeup() const;
  Effects tick(protocol::Now now);

  /// What the node can run and how much of it is free, for its description.
  model::ComputeNodeInfo describe() const;
  /// The record of an execution the node holds; null if there is none. Valid until the next event.
  const protocol::HostedExecution* find(const ExecutionId& execution) const;
  std::size_t held() const;
  void set_run(std::string boot_id, std::string run_id);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::compute
