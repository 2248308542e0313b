// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "orchestrator/testing/simulation.hpp"

namespace skrei::orchestrator::testing {

/// What both kinds of node have: an id, a life that a crash ends, a disk.
struct World::Node {
  virtual ~Node() = default;
  /// What was in memory is gone.
  virtual void power_off() = 0;

  NodeId id;
  bool alive = false;
  std::uint64_t life = 0;
  BootTime synced_until{};
  std::map<ExecutionId, protocol::HostedExecution> hosted;
};

struct World::RequesterNode : World::Node {
  void power_off() override {
    decider.reset();
    alarm.reset();
  }
  void apply(World& world, protocol::Effects effects, std::function<void()> synced = [] {});

  std::unique_ptr<Decider> decider;
  std::optional<BootTime> alarm;
};

/// Its engine lives on while the node is down, as a shim would, unless the power went too.
struct World::ComputeNode : World::Node {
  struct Program {
    model::Resources resources;
    BootTime ends_at{};
    protocol::ExecutionResult result;
    bool ended = false;
  };

  void power_off() override {
    decider.reset();
    alarm.reset();
  }
  void power_on(World& world, const std::string& run);
  void apply(World& world, compute::Effects effects);
  model::NodeInfo describe() const;

  std::unique_ptr<compute::Decider> decider;
  std::optional<BootTime> alarm;
  std::map<ExecutionId, Program> programs;
  /// Executions ever started here.
  std::map<ExecutionId, int> started;

 private:
  void act(World& world, const compute::Action& action);
  void assess(World& world, const compute::Assess& question);
  void start(World& world, const protocol::HostedExecution& hosted);
  void resume(World& world, const protocol::HostedExecution& hosted);
  void stop(World& world, const ExecutionId& execution);
  /// Tells the decider how the program goes, as long as this life lasts.
  void follow(World& world, const ExecutionId& execution);
  void progress(World& world, const ExecutionId& execution, protocol::HostedPhase phase);
  void finish(World& world, const ExecutionId& execution, protocol::ExecutionResult result);
};

}  // namespace skrei::orchestrator::testing
