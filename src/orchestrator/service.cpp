// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service.hpp"

#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "async/alarm.hpp"
#include "async/event.hpp"
#include "async/loop.hpp"
#include "base/log.hpp"
#include "base/scope_guard.hpp"
#include "jobstore/commit_gate.hpp"

namespace skrei::orchestrator {

struct Service::State {
  State(async::Loop& loop, const Clock& clock_, Random& random_, jobstore::JobStore& store_,
        swarm::Peers& peers_, NodeId self, Options options)
      : clock(clock_),
        random(random_),
        store(store_),
        peers(peers_),
        decider(std::move(self), options, random_),
        gate(store_),
        wakeup(loop, clock_, [this] { apply(decider.tick(now())); }) {}

  protocol::Now now() const { return {clock.now(), clock.boot_now()}; }

  void apply(protocol::Effects effects) {
    pass(std::move(effects), [] {});
  }
  /// Commits the rows; then messages leave and `synced` runs.
  void pass(protocol::Effects effects, std::move_only_function<void()> synced);
  /// The same, for a caller that waits for it. Cancelled if the caller is; the rows still go.
  async::Task<Result<void>> applied(protocol::Effects effects);
  async::Task<Result<std::optional<protocol::ChangeAnswer>>> earlier_answer(
      protocol::IdempotencyKey key, Sha256Digest body);

  const Clock& clock;
  Random& random;
  jobstore::JobStore& store;
  swarm::Peers& peers;
  Decider decider;
  jobstore::CommitGate gate;
  async::Alarm wakeup;
  /// Keys of submissions that are not answered yet.
  std::set<protocol::IdempotencyKey> under_way;
  bool stopping = false;
};

void Service::State::pass(protocol::Effects effects, std::move_only_function<void()> synced) {
  auto release = [this, sends = std::move(effects.sends), synced = std::move(synced)]() mutable {
    for (protocol::Send& send : sends) {
      if (stopping) break;
      // A message that cannot go now is said again when it is due (protocol/messages.hpp).
      if (const auto sent = peers.send(send.to, std::move(send.message)); !sent) {
        log::debug("message not sent", {{"to", send.to}, {"why", sent.error().message}});
      }
    }
    synced();
  };
  gate.pass(std::move(effects.rows), std::move(release));
  if (!stopping) wakeup.set(decider.next_wakeup());
}

async::Task<Result<void>> Service::State::applied(protocol::Effects effects) {
  // Shared with the commit, which may outlive a cancelled caller.
  auto synced = std::make_shared<async::Event>(async::Event::Reset::Manual);
  pass(std::move(effects), [synced] { synced->set(); });
  co_return co_await synced->wait();
}

async::Task<Result<std::optional<protocol::ChangeAnswer>>> Service::State::earlier_answer(
    protocol::IdempotencyKey key, Sha256Digest body) {
  const std::string name = key.key;
  CO_TRY_ASSIGN(auto known, co_await store.find_idempotency_key(std::move(key)));
  if (!known) co_return std::nullopt;
  if (known->body_digest != body) {
    co_return fail(
        Error{Code::AlreadyExists,
              fmt::format("idempotency key \"{}\": used before for another submission", name),
              "use a new key for each new submission"});
  }
  co_return std::move(known->answer);
}

Service::Service(async::Loop& loop, const Clock& clock, Random& random, jobstore::JobStore& store,
                 swarm::Peers& peers, Identity identity, Options options)
    : state_(std::make_unique<State>(loop, clock, random, store, peers, std::move(identity.self),
                                     options)) {
  state_->decider.set_run(std::move(identity.boot_id), std::move(identity.run_id));
}

Service::~Service() = default;

void Service::start(std::vector<model::Job> jobs, std::vector<model::Execution> executions) {
  state_->apply(state_->decider.recover(std::move(jobs), std::move(executions), state_->now()));
}

async::Task<void> Service::stop() {
  state_->stopping = true;
  state_->wakeup.set(std::nullopt);
  co_return;
}

async::Task<Result<protocol::ChangeAnswer>> Service::submit(Submission submission) {
  State& state = *state_;
  if (state.stopping) co_return fail(Code::Unavailable, "this node is shutting down");
  const std::optional<protocol::IdempotencyKey> key = submission.key;
  if (key && !state.under_way.insert(*key).second) {
    co_return fail(
        Error{Code::FailedPrecondition,
              fmt::format("idempotency key \"{}\": the submission with it is under way", key->key),
              "repeat it in a moment to get its answer"});
  }
  const ScopeGuard done([&state, &key] {
    if (key) state.under_way.erase(*key);
  });
  if (key) {
    CO_TRY_ASSIGN(auto answer, co_await state.earlier_answer(*key, submission.body_digest));
    if (answer) co_return *std::move(answer);
  }
  if (state.stopping) co_return fail(Code::Unavailable, "this node is shutting down");
  CO_TRY(state.store.has_room());
  CO_TRY_ASSIGN(Submitted submitted, state.decider.submit(std::move(submission), state.now()));
  CO_TRY(co_await state.applied(std::move(submitted.effects)));
  co_return std::move(submitted.answer);
}

async::Task<Result<StopAnswer>> Service::stop_job(JobId job, std::string reason) {
  State& state = *state_;
  if (state.stopping) co_return fail(Code::Unavailable, "this node is shutting down");
  if (state.decider.is_live(job)) {
    CO_TRY_ASSIGN(auto effects, state.decider.stop(job, reason, state.now()));
    CO_TRY(co_await state.applied(std::move(effects)));
    co_return StopAnswer{state.random.uuid(), true};
  }
  CO_TRY_ASSIGN(const model::Job stored, co_await state.store.find_job(job.str(), ""));
  if (stored.state.state_type == model::JobStateType::Completed) {
    co_return fail(Code::FailedPrecondition, "job {}: already completed, nothing to stop",
                   stored.id);
  }
  co_return StopAnswer{state.random.uuid(), false};
}

void Service::on_message(const NodeId& from, const protocol::Message& message) {
  if (state_->stopping) return;
  state_->apply(state_->decider.on_message(from, message, state_->now()));
}

void Service::on_peer(const swarm::PeerEvent& event) {
  State& state = *state_;
  if (state.stopping) return;
  const protocol::Now now = state.now();
  if (const auto* up = std::get_if<swarm::PeerUp>(&event)) {
    state.apply(state.decider.on_peer_up(up->node, now));
  } else if (const auto* down = std::get_if<swarm::PeerDown>(&event)) {
    state.apply(state.decider.on_peer_down(down->node, now));
  } else if (const auto* described = std::get_if<swarm::NodeDescribed>(&event)) {
    state.apply(state.decider.on_node_described(described->info, now));
  } else if (const auto* forgotten = std::get_if<swarm::NodeForgotten>(&event)) {
    state.apply(state.decider.on_node_forgotten(forgotten->node, now));
  }
}

std::vector<model::NodeState> Service::nodes() const {
  return state_->decider.nodes();
}

std::size_t Service::live_jobs() const {
  return state_->decider.live_jobs();
}

}  // namespace skrei::orchestrator
