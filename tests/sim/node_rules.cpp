// SPDX-License-Identifier: Apache-2.0
#include "sim/node_rules.hpp"

#include <variant>

#include <fmt/format.h>

namespace skrei::sim {

using protocol::HostedPhase;

void NodeRules::on_synced(std::size_t node, const protocol::Batch& batch,
                          const jobstore::memory::Tables& tables) {
  for (const protocol::Mutation& row : batch) {
    const auto* put = std::get_if<protocol::PutHosted>(&row);
    if (put && !tables.hosted.contains(put->hosted.id)) take_award(node, put->hosted, tables);
  }
}

void NodeRules::take_award(std::size_t node, const protocol::HostedExecution& hosted,
                           const jobstore::memory::Tables& tables) {
  for (const auto& [id, other] : tables.hosted) {
    const bool rival = other.job->id == hosted.job->id &&
                       other.job->version == hosted.job->version &&
                       other.partition_index == hosted.partition_index;
    if (!rival || other.epoch <= hosted.epoch) continue;
    breaches_.add({Invariant::NoOlderAward,
                   fmt::format("execution {} of epoch {} is taken, while {} of epoch {} is here",
                               hosted.id, hosted.epoch, id, other.epoch),
                   hosted.job->id, hosted.id, node});
  }
}

void NodeRules::on_start(std::size_t node, const protocol::HostedExecution& hosted,
                         const jobstore::memory::Tables& tables) {
  if (!started_.insert(hosted.id).second) {
    breaches_.add({Invariant::StartedOnce, fmt::format("execution {} is started again", hosted.id),
                   hosted.job->id, hosted.id, node});
  }
  const auto record = tables.hosted.find(hosted.id);
  const bool recorded =
      record != tables.hosted.end() && record->second.phase != HostedPhase::Waiting;
  if (!recorded) {
    breaches_.add({Invariant::StartedFromRecord,
                   fmt::format("execution {} starts, and its disk does not say so", hosted.id),
                   hosted.job->id, hosted.id, node});
  }
  occupy(node, hosted);
}

void NodeRules::on_resume(std::size_t node, const protocol::HostedExecution& hosted) {
  started_.insert(hosted.id);
  occupy(node, hosted);
}

void NodeRules::occupy(std::size_t node, const protocol::HostedExecution& hosted) {
  Node& facts = nodes_.at(node);
  if (!facts.occupants.emplace(hosted.id, hosted.resources).second) return;
  facts.occupied = facts.occupied + hosted.resources;
}

void NodeRules::on_finished(std::size_t node, const ExecutionId& execution) {
  Node& facts = nodes_.at(node);
  const auto place = facts.occupants.find(execution);
  if (place == facts.occupants.end()) return;
  facts.occupied = facts.occupied - place->second;
  facts.occupants.erase(place);
}

void NodeRules::on_process_end(std::size_t node) {
  nodes_.at(node) = {};
}

void NodeRules::check_capacity(std::size_t node, const model::Resources& running,
                               const model::ComputeNodeInfo& told) {
  const Node& facts = nodes_.at(node);
  const model::Resources counted = told.max_capacity - told.available_capacity;
  std::string wrong;
  if (!model::fits(running, told.max_capacity)) {
    wrong = fmt::format("programs use {}", model::to_string(running));
  } else if (!model::fits(facts.occupied, counted)) {
    wrong = fmt::format("{} is given to executions and {} counted",
                        model::to_string(facts.occupied), model::to_string(counted));
  }
  if (wrong.empty()) return;
  breaches_.add(
      {Invariant::CapacityKept,
       fmt::format("node n-{} has {}: {}", node, model::to_string(told.max_capacity), wrong),
       {},
       {},
       node});
}

void NodeRules::on_outcome(std::size_t node, const protocol::Outcome& outcome) {
  const auto [place, is_new] = outcomes_.try_emplace(outcome.execution, outcome.result);
  if (is_new || place->second == outcome.result) return;
  breaches_.add({Invariant::OneOutcome,
                 fmt::format("execution {} ended as {} and later as {}", outcome.execution,
                             protocol::to_string(place->second.kind),
                             protocol::to_string(outcome.result.kind)),
                 {},
                 outcome.execution,
                 node});
}

}  // namespace skrei::sim
