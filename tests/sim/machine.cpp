// SPDX-License-Identifier: Apache-2.0
#include "sim/machine.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sim/compute_shell.hpp"
#include "sim/names.hpp"
#include "sim/requester_shell.hpp"

namespace skrei::sim {

struct Machine::Process {
  std::unique_ptr<swarm::Peers> peers;
  std::unique_ptr<RequesterShell> requester;
  std::unique_ptr<ComputeShell> compute;
};

Machine::Machine(Stage stage, std::size_t index, Roles roles, MachineClock::Shape clock)
    : stage_(stage),
      index_(index),
      roles_(roles),
      clock_(clock),
      disk_(stage.agenda, stage.dice, stage.weather,
            {.synced =
                 [this](const protocol::Batch& batch) {
                   stage_.nodes.on_synced(index_, batch, disk_.tables());
                   stage_.records.on_synced(index_, batch);
                 },
             .answer =
                 [this](Action answer) {
                   enter(std::move(answer));
                 }}),
      engine_(stage.agenda, [this](const ExecutionId& id) {
        stage_.leases.on_program_end(id);
        stage_.chronicle.note({.what = "program ended", .node = index_, .execution = &id});
        enter([this, id] {
          if (ComputeShell* const shell = compute()) shell->on_program_end(id);
        });
      }) {}

Machine::~Machine() = default;

swarm::Peers& Machine::peers() {
  return *process_->peers;
}

RequesterShell* Machine::requester() {
  return process_ ? process_->requester.get() : nullptr;
}

ComputeShell* Machine::compute() {
  return process_ ? process_->compute.get() : nullptr;
}

void Machine::start() {
  if (process_) return;
  ++life_;
  stage_.chronicle.note({.what = "process starts", .node = index_, .number = life_});
  stage_.leases.on_process_start(index_);
  process_ = std::make_unique<Process>();
  process_->peers = stage_.network.join(index_);
  const std::string boot = fmt::format("boot-{}-{}", index_, boot_);
  const std::string run = fmt::format("run-{}-{}", index_, life_);
  if (roles_.requester) process_->requester = std::make_unique<RequesterShell>(*this, boot, run);
  if (roles_.compute) process_->compute = std::make_unique<ComputeShell>(*this, boot, run);
  recover();
  process_->peers->start({.message =
                              [this](const NodeId& from, const protocol::Message& message) {
                                if (!frozen_) return on_message(from, message);
                                enter([this, from, message] { on_message(from, message); });
                              },
                          .peer =
                              [this](const swarm::PeerEvent& event) {
                                enter([this, event] { on_peer(event); });
                              }});
}

void Machine::recover() {
  jobstore::Recovered found = disk_.tables().recovered();
  if (process_->requester) {
    stage_.records.on_restart(index_, disk_.tables());
    process_->requester->recover(std::move(found.jobs), std::move(found.executions));
  }
  if (process_->compute) process_->compute->recover(std::move(found.hosted));
}

void Machine::on_message(const NodeId& from, const protocol::Message& message) {
  Happening told = told_by(message);
  told.node = index_of(from);
  told.peer = index_;
  stage_.chronicle.note(told, "handled");
  if (protocol::addressee(message) == protocol::Half::Requester) {
    if (process_->requester) process_->requester->on_message(from, message);
  } else if (process_->compute) {
    process_->compute->on_message(from, message);
  }
}

void Machine::on_peer(const swarm::PeerEvent& event) {
  if (process_->requester) process_->requester->on_peer(event);
  if (process_->compute) process_->compute->on_peer(event);
}

void Machine::crash(Loss loss) {
  if (!process_) return;
  ++life_;
  stage_.chronicle.note(
      {.what = loss == Loss::Power ? "power cut" : "process killed", .node = index_});
  stage_.leases.on_process_end(index_);
  stage_.nodes.on_process_end(index_);
  frozen_ = false;
  backlog_.clear();
  process_.reset();
  disk_.crash();
  stage_.network.thaw(index_);
  if (loss == Loss::Process) return;
  engine_.power_cut();
  ++boot_;
  clock_.boot(stage_.agenda.now());
}

void Machine::freeze() {
  if (!process_ || frozen_) return;
  frozen_ = true;
  stage_.chronicle.note({.what = "process stopped", .node = index_});
  stage_.leases.on_freeze(index_);
  stage_.network.freeze(index_);
}

void Machine::thaw() {
  if (!process_ || !frozen_) return;
  frozen_ = false;
  stage_.chronicle.note({.what = "process goes on", .node = index_});
  stage_.leases.on_thaw(index_);
  std::deque<Action> backlog = std::exchange(backlog_, {});
  for (Action& action : backlog)
    action();
  stage_.network.thaw(index_);
}

void Machine::enter(Action action) {
  if (!process_) return;
  if (frozen_) {
    backlog_.push_back(std::move(action));
  } else {
    action();
  }
}

void Machine::later(Duration delay, Action action) {
  stage_.agenda.after(delay, [this, life = life_, action = std::move(action)]() mutable {
    if (life == life_) enter(std::move(action));
  });
}

// -- Alarm ------------------------------------------------------------------------------------

void Alarm::set(std::optional<BootTime> time) {
  wanted_ = time;
  if (wanted_) schedule();
}

void Alarm::schedule() {
  const WorldTime now = machine_.stage().agenda.now();
  const WorldTime due = std::max(machine_.clock().when(*wanted_), now);
  if (scheduled_ && *scheduled_ <= due) return;
  scheduled_ = due;
  machine_.later(due - now, [this, number = ++number_] { fire(number); });
}

void Alarm::fire(std::uint64_t number) {
  if (number != number_) return;
  scheduled_.reset();
  if (!wanted_) return;
  if (machine_.now().boot < *wanted_) {
    schedule();
    return;
  }
  wanted_.reset();
  ring_();
}

}  // namespace skrei::sim
