// SPDX-License-Identifier: Apache-2.0
#include "sim/requester_shell.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "protocol/execution_machine.hpp"
#include "sim/names.hpp"

namespace skrei::sim {

RequesterShell::RequesterShell(Machine& machine, const std::string& boot_id,
                               const std::string& run_id)
    : machine_(machine),
      decider_(id_of(machine.index()), orchestrator::Options{}, machine.stage().dice.random()),
      gate_(machine.disk()),
      alarm_(machine, [this] { apply(decider_.tick(machine_.now()), [] {}); }) {
  decider_.set_run(boot_id, run_id);
}

void RequesterShell::recover(std::vector<model::Job> jobs,
                             std::vector<model::Execution> executions) {
  for (const model::Execution& execution : executions) {
    if (!protocol::holds_lease(protocol::phase_of(execution.compute_state))) continue;
    machine_.stage().leases.on_granted(machine_.index(), execution);
  }
  apply(decider_.recover(std::move(jobs), std::move(executions), machine_.now()), [] {});
}

void RequesterShell::on_message(const NodeId& from, const protocol::Message& message) {
  const Stage& stage = machine_.stage();
  if (const auto* heartbeat = std::get_if<protocol::Heartbeat>(&message)) {
    stage.leases.on_heartbeat(machine_.index(), index_of(from), *heartbeat);
  } else if (const auto* outcome = std::get_if<protocol::Outcome>(&message)) {
    stage.records.on_outcome(*outcome);
  }
  apply(decider_.on_message(from, message, machine_.now()), [] {});
}

void RequesterShell::on_peer(const swarm::PeerEvent& event) {
  const protocol::Now now = machine_.now();
  if (const auto* up = std::get_if<swarm::PeerUp>(&event)) {
    apply(decider_.on_peer_up(up->node, now), [] {});
  } else if (const auto* down = std::get_if<swarm::PeerDown>(&event)) {
    apply(decider_.on_peer_down(down->node, now), [] {});
  } else if (const auto* described = std::get_if<swarm::NodeDescribed>(&event)) {
    apply(decider_.on_node_described(described->info, now), [] {});
  } else if (const auto* forgotten = std::get_if<swarm::NodeForgotten>(&event)) {
    apply(decider_.on_node_forgotten(forgotten->node, now), [] {});
  }
}

Result<JobId> RequesterShell::submit(model::Job job, Action answered) {
  TRY_ASSIGN(orchestrator::Submitted submitted,
             decider_.submit({.job = std::move(job), .warnings = {}}, machine_.now()));
  const JobId id = submitted.answer.job_id;
  machine_.stage().chronicle.note({.what = "job comes in", .node = machine_.index(), .job = &id});
  apply(std::move(submitted.effects), [this, id, answered = std::move(answered)]() mutable {
    const Stage& stage = machine_.stage();
    stage.chronicle.note({.what = "job acknowledged", .node = machine_.index(), .job = &id});
    stage.records.on_acknowledged(machine_.index(), id, machine_.disk().tables());
    answered();
  });
  return id;
}

void RequesterShell::stop(const JobId& job) {
  auto effects = decider_.stop(job, "no longer wanted", machine_.now());
  if (!effects) return;
  machine_.stage().chronicle.note(
      {.what = "job is stopped", .node = machine_.index(), .job = &job});
  apply(*std::move(effects), [] {});
}

void RequesterShell::rerun(const JobId& job) {
  const model::Job* const last = stored(job);
  if (!last) return;
  replace(job, "job is run again", decider_.rerun(*last, *last, "once more", machine_.now()));
}

void RequesterShell::update(const JobId& job, model::Job next) {
  const model::Job* const last = stored(job);
  if (!last) return;
  replace(job, "job is updated",
          decider_.update({.job = std::move(next), .warnings = {}}, *last, machine_.now()));
}

const model::Job* RequesterShell::stored(const JobId& job) {
  const Disk& disk = machine_.disk();
  if (disk.synced() != disk.committed()) return nullptr;
  const auto place = disk.tables().jobs.find(job);
  return place == disk.tables().jobs.end() ? nullptr : place->second.get();
}

void RequesterShell::replace(const JobId& job, const char* what,
                             Result<orchestrator::Submitted> next) {
  if (!next) return;
  machine_.stage().chronicle.note({.what = what, .node = machine_.index(), .job = &job});
  apply(std::move(next->effects), [] {});
}

void RequesterShell::apply(protocol::Effects effects, Action synced) {
  machine_.stage().leases.on_requester_rows(machine_.index(), effects.rows);
  if (!effects.rows.empty()) ticket_ = machine_.disk().committed() + 1;
  gate_.pass(std::move(effects.rows), [this, ticket = ticket_, sends = std::move(effects.sends),
                                       synced = std::move(synced)]() mutable {
    release(std::move(sends), ticket);
    synced();
  });
  alarm_.set(decider_.next_wakeup());
}

void RequesterShell::release(std::vector<protocol::Send> sends, std::uint64_t ticket) {
  const Stage& stage = machine_.stage();
  if (machine_.disk().synced() < ticket) {
    stage.breaches.add({Invariant::EffectsAfterSync,
                        fmt::format("requester n-{} lets effects go, and batch {} of its disk is "
                                    "not synced",
                                    machine_.index(), ticket),
                        {},
                        {},
                        machine_.index()});
  }
  for (protocol::Send& send : sends) {
    if (const auto* ack = std::get_if<protocol::OutcomeAck>(&send.message)) {
      stage.records.on_outcome_ack(machine_.index(), ack->execution);
    }
    // What cannot go now is said again when it is due (protocol/messages.hpp).
    static_cast<void>(machine_.peers().send(send.to, std::move(send.message)));
  }
}

}  // namespace skrei::sim
