// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/ids.hpp"
#include "model/resources.hpp"
#include "protocol/outcome.hpp"
#include "sim/agenda.hpp"

namespace skrei::sim {

/// The engine of one machine: programs that do nothing for a while. They outlive the node's
/// process, as a supervisor's do, and end with the machine.
class Engine {
 public:
  struct Program {
    model::Resources resources;
    protocol::ExecutionResult result;
    bool ended = false;
  };

  /// `on_end` hears of each end, whatever its reason.
  Engine(Agenda& agenda, std::function<void(const ExecutionId&)> on_end)
      : agenda_(agenda), on_end_(std::move(on_end)) {}

  void start(const ExecutionId& id, const model::Resources& resources, Duration runs,
             protocol::ExecutionResult result);
  /// Ends the program in a moment; an ended or unknown one stays as it is.
  void kill(const ExecutionId& id, Duration moment);
  void forget(const ExecutionId& id);
  void power_cut();

  /// Null if the engine has never heard of it, or no more.
  const Program* find(const ExecutionId& id) const;
  /// What the programs use that have not ended.
  const model::Resources& used() const { return used_; }
  std::size_t known() const { return programs_.size(); }

 private:
  void end(const ExecutionId& id);

  Agenda& agenda_;
  std::function<void(const ExecutionId&)> on_end_;
  std::map<ExecutionId, Program> programs_;
  model::Resources used_;
};

}  // namespace skrei::sim
