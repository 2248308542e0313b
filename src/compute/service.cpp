// SPDX-License-Identifier: Apache-2.0
#include "compute/service.hpp"

#include <utility>

#include "async/alarm.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/log.hpp"
#include "jobstore/commit_gate.hpp"

namespace skrei::compute {

struct Service::State {
  State(async::Loop& loop, const Clock& clock_, jobstore::JobStore& store, swarm::Peers& peers_,
        Work& work_, Options options, std::function<void()> on_change_)
      : clock(clock_),
        peers(peers_),
        work(work_),
        on_change(std::move(on_change_)),
        decider(std::move(options)),
        gate(store),
        wakeup(loop, clock, [this] { apply(decider.tick(now())); }),
        announcement(loop, clock, [this] { announce(); }),
        scope(loop) {}

  protocol::Now now() const { return {clock.now(), clock.boot_now()}; }

  void apply(Effects effects);
  void carry_out(Action action);
  void look_for_change();
  void announce();

  async::Task<void> assess(Assess question);
  async::Task<void> run(protocol::HostedExecution hosted, Beginning beginning);
  async::Task<void> forget(ExecutionId execution);

  const Clock& clock;
  swarm::Peers& peers;
  Work& work;
  std::function<void()> on_change;
  Decider decider;
  jobstore::CommitGate gate;
  async::Alarm wakeup;
  async::Alarm announcement;
  model::ComputeNodeInfo announced;
  BootTime announced_at{};
  bool stopping = false;
  async::TaskScope scope;
};

void Service::State::apply(Effects effects) {
  if (stopping) return;
  auto release = [this, sends = std::move(effects.sends),
                  actions = std::move(effects.actions)]() mutable {
    for (protocol::Send& send : sends) {
      // A message that cannot go now is said again when it is due (protocol/messages.hpp).
      if (const auto sent = peers.send(send.to, std::move(send.message)); !sent) {
        log::debug("message not sent", {{"to", send.to}, {"why", sent.error().message}});
      }
    }
    for (Action& action : actions)
      carry_out(std::move(action));
  };
  gate.pass(std::move(effects.rows), std::move(release));
  wakeup.set(decider.next_wakeup());
  look_for_change();
}

void Service::State::look_for_change() {
  if (decider.describe() == announced) return;
  announcement.set(announced_at + kAnnounceInterval);
}

void Service::State::announce() {
  model::ComputeNodeInfo description = decider.describe();
  if (description == announced) return;
  announced = std::move(description);
  announced_at = clock.boot_now();
  on_change();
}

void Service::State::carry_out(Action action) {
  if (stopping) return;
  if (auto* question = std::get_if<Assess>(&action)) {
    scope.spawn("assess", assess(std::move(*question)));
  } else if (auto* start = std::get_if<Start>(&action)) {
    scope.spawn("execution", run(std::move(start->hosted), Beginning::Fresh));
  } else if (auto* resume = std::get_if<Resume>(&action)) {
    scope.spawn("execution", run(std::move(resume->hosted), Beginning::Resumed));
  } else if (const auto* stop = std::get_if<Stop>(&action)) {
    work.stop(stop->execution, stop->reason);
  } else if (auto* end = std::get_if<Forget>(&action)) {
    scope.spawn("forget", forget(std::move(end->execution)));
  }
}

async::Task<void> Service::State::assess(Assess question) {
  const Assessment assessment = co_await work.assess(std::move(question));
  if (!stopping) apply(decider.on_assessed(assessment, now()));
}

async::Task<void> Service::State::run(protocol::HostedExecution hosted, Beginning beginning) {
  const ExecutionId id = hosted.id;
  auto on_progress = [this](const Progress& progress) {
    if (!stopping) apply(decider.on_progress(progress, now()));
  };
  protocol::ExecutionResult result =
      co_await work.carry_out(std::move(hosted), beginning, std::move(on_progress));
  // A result made by our own cancellation says nothing of the program, which goes on.
  if (!stopping) apply(decider.on_finished(id, std::move(result), now()));
}

async::Task<void> Service::State::forget(ExecutionId execution) {
  co_await work.forget(std::move(execution));
}

Service::Service(async::Loop& loop, const Clock& clock, jobstore::JobStore& store,
                 swarm::Peers& peers, Work& work, Identity identity, Options options,
                 std::function<void()> on_change)
    : state_(std::make_unique<State>(loop, clock, store, peers, work, std::move(options),
                                     std::move(on_change))) {
  state_->decider.set_run(std::move(identity.boot_id), std::move(identity.run_id));
}

Service::~Service() = default;

void Service::start(std::vector<protocol::HostedExecution> hosted) {
  state_->apply(state_->decider.recover(std::move(hosted), state_->now()));
}

async::Task<void> Service::stop() {
  state_->stopping = true;
  state_->wakeup.set(std::nullopt);
  state_->announcement.set(std::nullopt);
  co_await state_->scope.stop();
}

void Service::on_message(const NodeId& from, const protocol::Message& message) {
  if (state_->stopping) return;
  state_->apply(state_->decider.on_message(from, message, state_->now()));
}

void Service::on_peer(const swarm::PeerEvent& event) {
  if (state_->stopping) return;
  if (const auto* up = std::get_if<swarm::PeerUp>(&event)) {
    state_->apply(state_->decider.on_peer_up(up->node, state_->now()));
  }
}

model::ComputeNodeInfo Service::describe() const {
  return state_->decider.describe();
}

std::size_t Service::held() const {
  return state_->decider.held();
}

std::size_t Service::running() const {
  return state_->decider.describe().running_executions;
}

}  // namespace skrei::compute
