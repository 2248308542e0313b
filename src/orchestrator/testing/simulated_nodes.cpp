// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/testing/simulated_nodes.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace skrei::orchestrator::testing {
namespace {

compute::Options node_options() {
  compute::Options options;
  options.capacity.cpu_millis = 3000;
  options.capacity.memory_bytes = 1'000'000'000;
  options.policy.engines = {"noop"};
  options.policy.job_limit = options.capacity;
  options.policy.locality = compute::Locality::Anywhere;
  options.queue_max = 4;
  return options;
}

protocol::ExecutionResult failure(protocol::Fault fault, std::string message) {
  protocol::ExecutionResult result;
  result.kind = protocol::OutcomeKind::Failed;
  result.fault = fault;
  result.message = std::move(message);
  return result;
}

}  // namespace

void World::RequesterNode::apply(World& world, protocol::Effects effects,
                                 std::function<void()> synced) {
  world.commit(*this, std::move(effects.rows),
               [this, &world, sends = std::move(effects.sends), synced = std::move(synced)] {
                 for (const protocol::Send& send : sends)
                   world.send(id, send.to, send.message);
                 synced();
               });
  const auto next = decider->next_wakeup();
  if (!next || next == alarm) return;
  alarm = next;
  world.at(std::max(*next - world.time_, Duration{0}), [this, &world, when = *next, was = life] {
    if (life != was || !decider || alarm != when) return;
    alarm.reset();
    apply(world, decider->tick(world.now()));
  });
}

void World::ComputeNode::power_on(World& world, const std::string& run) {
  decider = std::make_unique<compute::Decider>(node_options());
  decider->set_run("boot", run);
  std::vector<protocol::HostedExecution> rows;
  for (const auto& [execution, row] : hosted)
    rows.push_back(row);
  // Sometimes the machine itself went down: no program is left.
  if (world.chance(300)) programs.clear();
  apply(world, decider->recover(std::move(rows), world.now()));
}

model::NodeInfo World::ComputeNode::describe() const {
  model::NodeInfo info;
  info.node_id = id;
  info.compute_node_info = decider->describe();
  return info;
}

void World::ComputeNode::apply(World& world, compute::Effects effects) {
  world.commit(
      *this, std::move(effects.rows),
      [this, &world, sends = std::move(effects.sends), actions = std::move(effects.actions)] {
        for (const protocol::Send& send : sends)
          world.send(id, send.to, send.message);
        for (const compute::Action& action : actions)
          act(world, action);
      });
  const model::ComputeNodeInfo info = decider->describe();
  if (!model::fits(info.available_capacity, info.max_capacity)) {
    world.breach(fmt::format("node {} gives more than it has", id));
  }
  const auto next = decider->next_wakeup();
  if (!next || next == alarm) return;
  alarm = next;
  world.at(std::max(*next - world.time_, Duration{0}), [this, &world, when = *next, was = life] {
    if (life != was || !decider || alarm != when) return;
    alarm.reset();
    apply(world, decider->tick(world.now()));
  });
}

void World::ComputeNode::act(World& world, const compute::Action& action) {
  if (const auto* question = std::get_if<compute::Assess>(&action)) {
    assess(world, *question);
  } else if (const auto* begin = std::get_if<compute::Start>(&action)) {
    start(world, begin->hosted);
  } else if (const auto* again = std::get_if<compute::Resume>(&action)) {
    resume(world, again->hosted);
  } else if (const auto* end = std::get_if<compute::Stop>(&action)) {
    stop(world, end->execution);
  }
}

void World::ComputeNode::assess(World& world, const compute::Assess& question) {
  const Duration time = world.between(std::chrono::milliseconds(1), std::chrono::milliseconds(200));
  world.at(time, [this, &world, offer = question.offer, was = life] {
    if (life != was) return;
    compute::Assessment assessment;
    assessment.offer = offer;
    assessment.missing_bytes = 0;
    apply(world, decider->on_assessed(assessment, world.now()));
  });
}

void World::ComputeNode::start(World& world, const protocol::HostedExecution& row) {
  ++world.starts;
  if (++started[row.id] > 1) world.breach(fmt::format("execution {} started twice", row.id));
  if (!hosted.contains(row.id)) {
    world.breach(fmt::format("execution {} started before its record was synced", row.id));
  }
  model::Resources sum = row.resources;
  for (const auto& [execution, program] : programs) {
    if (!program.ended) sum = sum + program.resources;
  }
  if (!model::fits(sum, node_options().capacity)) {
    world.breach(fmt::format("node {} runs more than it has room for", id));
  }
  Program program;
  program.resources = row.resources;
  program.ends_at =
      world.time_ + world.between(std::chrono::milliseconds(10), std::chrono::seconds(40));
  if (world.chance(world.weather_.node_faults)) {
    program.result = failure(protocol::Fault::Node, "the disk broke");
  } else if (world.chance(world.weather_.job_faults)) {
    program.result = failure(protocol::Fault::Job, "bad module");
  } else {
    program.result.published = {.type = "ipfs", .params = fmt::format("{{\"of\":\"{}\"}}", row.id)};
  }
  programs.insert_or_assign(row.id, program);
  progress(world, row.id, protocol::HostedPhase::Running);
  follow(world, row.id);
}

void World::ComputeNode::resume(World& world, const protocol::HostedExecution& row) {
  const auto program = programs.find(row.id);
  if (program == programs.end()) {
    finish(world, row.id, failure(protocol::Fault::Node, "lost with the node"));
  } else if (program->second.ended) {
    finish(world, row.id, program->second.result);
  } else {
    follow(world, row.id);
  }
}

void World::ComputeNode::follow(World& world, const ExecutionId& execution) {
  const Duration left = std::max(programs.at(execution).ends_at - world.time_, Duration{0});
  world.at(left, [this, &world, execution, was = life] {
    // The engine ends the program also while the node is down; who asks later finds it ended.
    const auto program = programs.find(execution);
    if (program == programs.end()) return;
    program->second.ended = true;
    if (life != was || !decider) return;
    progress(world, execution, protocol::HostedPhase::Publishing);
    finish(world, execution, program->second.result);
  });
}

void World::ComputeNode::stop(World& world, const ExecutionId& execution) {
  const auto program = programs.find(execution);
  if (program != programs.end()) program->second.ended = true;
  protocol::ExecutionResult result;
  result.kind = protocol::OutcomeKind::Cancelled;
  result.message = "stopped";
  finish(world, execution, std::move(result));
}

void World::ComputeNode::progress(World& world, const ExecutionId& execution,
                                  protocol::HostedPhase phase) {
  compute::Progress step;
  step.execution = execution;
  step.phase = phase;
  step.event.message = std::string(protocol::to_string(phase));
  apply(world, decider->on_progress(step, world.now()));
}

void World::ComputeNode::finish(World& world, const ExecutionId& execution,
                                protocol::ExecutionResult result) {
  apply(world, decider->on_finished(execution, std::move(result), world.now()));
}

}  // namespace skrei::orchestrator::testing
