// SPDX-License-Identifier: Apache-2.0
#include "sim/compute_shell.hpp"

#include <charconv>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "sim/names.hpp"

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;
using protocol::HostedPhase;

/// As compute::Service waits between two descriptions.
constexpr Duration kAnnounceInterval = 200ms;

compute::Options node_options(std::size_t index) {
  compute::Options options;
  options.capacity.cpu_millis = 3000;
  options.capacity.memory_bytes = 1'000'000'000;
  options.policy.engines = {"noop"};
  options.policy.job_limit = options.capacity;
  options.policy.locality = compute::Locality::Anywhere;
  // Nodes are not all alike.
  options.queue_max = index % 2 == 0 ? 32 : 4;
  options.probed = index % 3 == 2;
  return options;
}

protocol::ExecutionResult failure(protocol::Fault fault, std::string message) {
  protocol::ExecutionResult result;
  result.kind = protocol::OutcomeKind::Failed;
  result.fault = fault;
  result.message = std::move(message);
  return result;
}

protocol::ExecutionResult cancelled() {
  protocol::ExecutionResult result;
  result.kind = protocol::OutcomeKind::Cancelled;
  result.message = "stopped";
  return result;
}

Duration run_time(const model::Job& job) {
  const auto place = job.meta.find(std::string(kRunsMeta));
  if (place == job.meta.end()) return 10ms;
  std::int64_t millis = 0;
  std::from_chars(place->second.data(), place->second.data() + place->second.size(), millis);
  return std::chrono::milliseconds(millis);
}

}  // namespace

ComputeShell::ComputeShell(Machine& machine, const std::string& boot_id, const std::string& run_id)
    : machine_(machine),
      decider_(node_options(machine.index())),
      gate_(machine.disk()),
      alarm_(machine, [this] { apply(decider_.tick(machine_.now())); }) {
  decider_.set_run(boot_id, run_id);
}

void ComputeShell::recover(std::vector<protocol::HostedExecution> hosted) {
  for (const protocol::HostedExecution& row : hosted)
    machine_.stage().leases.on_recovered(machine_.index(), row, machine_.now().boot);
  apply(decider_.recover(std::move(hosted), machine_.now()));
  announce();
}

void ComputeShell::on_message(const NodeId& from, const protocol::Message& message) {
  LeaseRules& leases = machine_.stage().leases;
  if (const auto* award = std::get_if<protocol::Award>(&message)) {
    leases.on_award(machine_.index(), *award);
  } else if (const auto* cancel = std::get_if<protocol::Cancel>(&message)) {
    leases.on_cancel(*cancel);
  } else if (const auto* answer = std::get_if<protocol::HeartbeatAnswer>(&message)) {
    leases.on_answer(machine_.index(), index_of(from), *answer);
  }
  apply(decider_.on_message(from, message, machine_.now()));
}

void ComputeShell::on_peer(const swarm::PeerEvent& event) {
  const auto* up = std::get_if<swarm::PeerUp>(&event);
  if (up) apply(decider_.on_peer_up(up->node, machine_.now()));
}

void ComputeShell::apply(compute::Effects effects) {
  const Stage& stage = machine_.stage();
  stage.leases.on_node_effects(machine_.index(), effects, machine_.now().boot);
  const model::ComputeNodeInfo told = decider_.describe();
  stage.nodes.check_capacity(machine_.index(), machine_.engine().used(), told);
  if (!effects.rows.empty()) ticket_ = machine_.disk().committed() + 1;
  gate_.pass(std::move(effects.rows), [this, ticket = ticket_, sends = std::move(effects.sends),
                                       actions = std::move(effects.actions)]() mutable {
    release(std::move(sends), std::move(actions), ticket);
  });
  alarm_.set(decider_.next_wakeup());
  if (announcing_ || told == announced_) return;
  announcing_ = true;
  machine_.later(kAnnounceInterval, [this] { announce(); });
}

void ComputeShell::announce() {
  announcing_ = false;
  announced_ = decider_.describe();
  model::NodeInfo info;
  info.node_id = id_of(machine_.index());
  info.labels = {{"parity", machine_.index() % 2 == 0 ? "even" : "odd"}};
  info.compute_node_info = announced_;
  machine_.peers().announce(std::move(info));
}

void ComputeShell::release(std::vector<protocol::Send> sends, std::vector<compute::Action> actions,
                           std::uint64_t ticket) {
  const Stage& stage = machine_.stage();
  if (machine_.disk().synced() < ticket) {
    stage.breaches.add({Invariant::EffectsAfterSync,
                        fmt::format("node n-{} lets effects go, and batch {} of its disk is not "
                                    "synced",
                                    machine_.index(), ticket),
                        {},
                        {},
                        machine_.index()});
  }
  for (protocol::Send& send : sends) {
    if (const auto* outcome = std::get_if<protocol::Outcome>(&send.message)) {
      stage.nodes.on_outcome(machine_.index(), *outcome);
    }
    // What cannot go now is said again when it is due (protocol/messages.hpp).
    static_cast<void>(machine_.peers().send(send.to, std::move(send.message)));
  }
  for (compute::Action& action : actions)
    carry_out(std::move(action));
}

void ComputeShell::carry_out(compute::Action action) {
  if (const auto* question = std::get_if<compute::Assess>(&action)) {
    assess(question->offer);
  } else if (auto* begin = std::get_if<compute::Start>(&action)) {
    start(std::move(begin->hosted));
  } else if (auto* again = std::get_if<compute::Resume>(&action)) {
    resume(std::move(again->hosted));
  } else if (const auto* end = std::get_if<compute::Stop>(&action)) {
    stop(end->execution);
  } else if (const auto* gone = std::get_if<compute::Forget>(&action)) {
    machine_.engine().forget(gone->execution);
  }
}

void ComputeShell::assess(const OfferId& offer) {
  Dice& dice = machine_.stage().dice;
  compute::Assessment assessment;
  assessment.offer = offer;
  assessment.missing_bytes = dice.below(1'000'000);
  Duration time = dice.between(1ms, 50ms);
  if (dice.chance(machine_.stage().weather.hard_assessments)) {
    if (dice.chance(500)) time = dice.between(1s, 12s);
    if (dice.chance(500)) {
      assessment.refusals = {
          {"locality", "it is not established yet", protocol::RefusalKind::NotNow}};
    }
  }
  machine_.later(time, [this, assessment = std::move(assessment)] {
    apply(decider_.on_assessed(assessment, machine_.now()));
  });
}

// -- Executions -------------------------------------------------------------------------------

void ComputeShell::start(protocol::HostedExecution hosted) {
  const Stage& stage = machine_.stage();
  const ExecutionId id = hosted.id;
  stage.chronicle.note({.what = "execution starts",
                        .node = machine_.index(),
                        .job = &hosted.job->id,
                        .execution = &id});
  stage.nodes.on_start(machine_.index(), hosted, machine_.disk().tables());
  tasks_.insert_or_assign(id, Task{std::move(hosted)});
  machine_.later(stage.dice.between(1ms, 300ms), [this, id] { run(id); });
}

void ComputeShell::run(const ExecutionId& id) {
  const auto place = tasks_.find(id);
  if (place == tasks_.end() || place->second.step != Step::Preparing) return;
  Task& task = place->second;
  if (task.stopped) return finish(id, cancelled());
  Dice& dice = machine_.stage().dice;
  const Weather& weather = machine_.stage().weather;
  protocol::ExecutionResult result;
  if (dice.chance(weather.node_faults)) {
    result = failure(protocol::Fault::Node, "the disk broke");
  } else if (dice.chance(weather.job_faults)) {
    result = failure(protocol::Fault::Job, "bad module");
  } else {
    result.published = {.type = "ipfs", .params = fmt::format("{{\"of\":\"{}\"}}", id)};
  }
  task.step = Step::Running;
  machine_.engine().start(id, task.hosted.resources, run_time(*task.hosted.job), std::move(result));
  machine_.stage().leases.on_program_start(id);
  progress(id, HostedPhase::Running);
}

void ComputeShell::resume(protocol::HostedExecution hosted) {
  const ExecutionId id = hosted.id;
  const Stage& stage = machine_.stage();
  stage.chronicle.note({.what = "execution resumes",
                        .node = machine_.index(),
                        .job = &hosted.job->id,
                        .execution = &id});
  stage.nodes.on_resume(machine_.index(), hosted);
  Task& task = tasks_.insert_or_assign(id, Task{std::move(hosted)}).first->second;
  task.step = Step::Running;
  const Engine::Program* const program = machine_.engine().find(id);
  if (program && !program->ended) {
    stage.leases.on_program_start(id);
    return;
  }
  machine_.later(1ms, [this, id] {
    const Engine::Program* const known = machine_.engine().find(id);
    if (known) return on_program_end(id);
    // Without a word of the engine nothing had begun, or all of it went with the power.
    const bool begun = tasks_.at(id).hosted.phase != HostedPhase::Preparing;
    finish(id, failure(begun ? protocol::Fault::Node : protocol::Fault::Unstarted,
                       "lost with the node"));
  });
}

void ComputeShell::on_program_end(const ExecutionId& id) {
  const auto place = tasks_.find(id);
  if (place == tasks_.end() || place->second.step != Step::Running) return;
  const Engine::Program* const program = machine_.engine().find(id);
  if (!program) return;
  publish(id, place->second.stopped ? cancelled() : program->result);
}

void ComputeShell::publish(const ExecutionId& id, protocol::ExecutionResult result) {
  tasks_.at(id).step = Step::Publishing;
  progress(id, HostedPhase::Publishing);
  machine_.later(machine_.stage().dice.between(1ms, 200ms),
                 [this, id, result = std::move(result)] { finish(id, result); });
}

void ComputeShell::stop(const ExecutionId& id) {
  const auto place = tasks_.find(id);
  if (place == tasks_.end()) return finish(id, cancelled());
  place->second.stopped = true;
  if (place->second.step != Step::Running) return;
  machine_.engine().kill(id, machine_.stage().dice.between(1ms, 500ms));
}

void ComputeShell::progress(const ExecutionId& id, HostedPhase phase) {
  compute::Progress step;
  step.execution = id;
  step.phase = phase;
  step.event.message = std::string(protocol::to_string(phase));
  apply(decider_.on_progress(step, machine_.now()));
}

void ComputeShell::finish(const ExecutionId& id, protocol::ExecutionResult result) {
  const Stage& stage = machine_.stage();
  stage.chronicle.note({.what = "execution ended", .node = machine_.index(), .execution = &id},
                       protocol::to_string(result.kind));
  tasks_.erase(id);
  stage.nodes.on_finished(machine_.index(), id);
  apply(decider_.on_finished(id, std::move(result), machine_.now()));
}

}  // namespace skrei::sim
