// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <vector>

#include "jobstore/memory/tables.hpp"
#include "model/node.hpp"
#include "protocol/rows.hpp"
#include "sim/breach.hpp"

namespace skrei::sim {

/// What must hold of the nodes that run jobs.
class NodeRules {
 public:
  NodeRules(Breaches& breaches, std::size_t nodes) : breaches_(breaches), nodes_(nodes) {}

  /// A batch becomes durable at `node`, whose tables do not have it yet.
  void on_synced(std::size_t node, const protocol::Batch& batch,
                 const jobstore::memory::Tables& tables);
  /// The node is told to start the execution.
  void on_start(std::size_t node, const protocol::HostedExecution& hosted,
                const jobstore::memory::Tables& tables);
  /// A restarted node takes the execution up again.
  void on_resume(std::size_t node, const protocol::HostedExecution& hosted);
  /// The node hears of the end of the execution, and may give its room to others.
  void on_finished(std::size_t node, const ExecutionId& execution);
  void on_process_end(std::size_t node);
  /// After each event: `running` is what programs truly use, `told` how the node describes itself.
  void check_capacity(std::size_t node, const model::Resources& running,
                      const model::ComputeNodeInfo& told);
  /// The node says how an execution ended.
  void on_outcome(std::size_t node, const protocol::Outcome& outcome);

  std::size_t starts() const { return started_.size(); }

 private:
  struct Node {
    std::map<ExecutionId, model::Resources> occupants;
    model::Resources occupied;
  };
  void take_award(std::size_t node, const protocol::HostedExecution& hosted,
                  const jobstore::memory::Tables& tables);
  void occupy(std::size_t node, const protocol::HostedExecution& hosted);

  Breaches& breaches_;
  std::vector<Node> nodes_;
  std::set<ExecutionId> started_;
  std::map<ExecutionId, protocol::ExecutionResult> outcomes_;
};

}  // namespace skrei::sim
