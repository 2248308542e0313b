// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service.hpp"

#include <compare>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "async/alarm.hpp"
#include "async/event.hpp"
#include "async/keyed_mutex.hpp"
#include "async/loop.hpp"
#include "base/log.hpp"
#include "jobstore/commit_gate.hpp"

namespace skrei::orchestrator {
namespace {

/// Changes of one job that wait for each other, and for how long.
constexpr std::size_t kWaitingPerNameMax = 64;
constexpr Duration kNameWait = std::chrono::seconds(30);

struct JobName {
  std::string namespace_;
  std::string name;

  auto operator<=>(const JobName&) const = default;
};

/// What a change holds until it is synced.
struct Claim {
  /// The change was made before: this is what it was answered.
  std::optional<protocol::ChangeAnswer> answer;
  std::optional<protocol::IdempotencyKey> key;
  Sha256Digest request_digest{};
  std::shared_ptr<void> key_lock;
  std::shared_ptr<void> name_lock;
};

std::unexpected<Error> shutting_down() {
  return fail(Code::Unavailable, "this node is shutting down");
}

Result<void> check(const Terms& terms, const model::Job* current) {
  return terms.condition ? terms.condition(current) : Result<void>();
}

}  // namespace

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
  /// The same, for a caller that waits for it. Cancelled if the caller is; the rows still go, and
  /// `held` is let go only then.
  async::Task<Result<void>> applied(protocol::Effects effects, Claim held);
  /// Claims the key of a change, or gives the answer that it had.
  async::Task<Result<Claim>> claim(const Terms& terms);
  /// Commits what was decided and answers once it is synced. Should the caller go before, what it
  /// claimed stays claimed until then.
  async::Task<Result<protocol::ChangeAnswer>> settle(Submitted decided, Claim claim);
  /// Waits for its turn among the changes of one job.
  async::Task<Result<std::shared_ptr<void>>> lock(JobName name);
  /// The job as it is now, with changes that are not synced. Nothing has come between when the
  /// caller goes on.
  async::Task<Result<model::Job>> latest(JobId id);

  const Clock& clock;
  Random& random;
  jobstore::JobStore& store;
  swarm::Peers& peers;
  Decider decider;
  jobstore::CommitGate gate;
  async::Alarm wakeup;
  /// Keys of changes that are not answered yet; shared with what is on its way to the disk.
  std::shared_ptr<std::set<protocol::IdempotencyKey>> under_way =
      std::make_shared<std::set<protocol::IdempotencyKey>>();
  /// Held from the look-up of a name until what was decided with it is synced.
  async::KeyedMutex<JobName> names{kWaitingPerNameMax};
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

async::Task<Result<void>> Service::State::applied(protocol::Effects effects, Claim held) {
  // Shared with the commit, which may outlive a cancelled caller.
  auto synced = std::make_shared<async::Event>(async::Event::Reset::Manual);
  pass(std::move(effects), [synced, held = std::move(held)]() mutable {
    held = {};
    synced->set();
  });
  co_return co_await synced->wait();
}

async::Task<Result<Claim>> Service::State::claim(const Terms& terms) {
  if (stopping) co_return shutting_down();
  Claim claim;
  if (!terms.key) co_return claim;
  const std::string name = terms.key->key;
  if (!under_way->insert(*terms.key).second) {
    co_return fail(
        Error{Code::FailedPrecondition,
              fmt::format("idempotency key \"{}\": the request with it is under way", name),
              "repeat it in a moment to get its answer"});
  }
  claim.key = terms.key;
  claim.request_digest = terms.request_digest;
  claim.key_lock = std::shared_ptr<void>(
      nullptr, [keys = under_way, key = *terms.key](void*) { keys->erase(key); });
  CO_TRY_ASSIGN(auto known, co_await store.find_idempotency_key(*terms.key));
  if (!known) co_return claim;
  if (known->body_digest != terms.request_digest) {
    co_return fail(
        Error{Code::AlreadyExists,
              fmt::format("idempotency key \"{}\": used before for another request", name),
              "use a new key for each new request"});
  }
  claim.answer = std::move(known->answer);
  co_return claim;
}

async::Task<Result<protocol::ChangeAnswer>> Service::State::settle(Submitted decided, Claim claim) {
  if (claim.key) {
    decided.effects.put(protocol::PutIdempotencyKey{*std::move(claim.key), claim.request_digest,
                                                    decided.answer, clock.now()});
  }
  CO_TRY(co_await applied(std::move(decided.effects), std::move(claim)));
  co_return std::move(decided.answer);
}

async::Task<Result<std::shared_ptr<void>>> Service::State::lock(JobName name) {
  auto locked = co_await names.lock(name, kNameWait);
  co_return with_context(std::move(locked),
                         fmt::format("job \"{}\": other changes are under way", name.name));
}

async::Task<Result<model::Job>> Service::State::latest(JobId id) {
  if (const model::Job* live = decider.live_job(id)) co_return *live;
  // Its end may be on its way to the disk.
  CO_TRY(co_await applied({}, {}));
  CO_TRY_ASSIGN(model::Job stored, co_await store.get_job(id, std::nullopt));
  const model::Job* live = decider.live_job(id);
  co_return live != nullptr ? *live : std::move(stored);
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

async::Task<Result<protocol::ChangeAnswer>> Service::submit(Submission submission, Terms terms) {
  State& state = *state_;
  CO_TRY_ASSIGN(Claim claim, co_await state.claim(terms));
  if (claim.answer) co_return *std::move(claim.answer);
  std::optional<model::Job> known;
  // A job without a name is called by its id, which nobody knows yet.
  if (!submission.job.name.empty()) {
    JobName name{submission.job.namespace_, submission.job.name};
    CO_TRY_ASSIGN(claim.name_lock, co_await state.lock(name));
    CO_TRY_ASSIGN(known, co_await state.store.named_job(name.name, name.namespace_));
    if (known) {
      auto latest = co_await state.latest(known->id);
      // Retention may have taken it meanwhile.
      if (!latest && latest.error().code != Code::NotFound) co_return fail(latest.error());
      known = latest ? std::optional(*std::move(latest)) : std::nullopt;
    }
  }
  if (state.stopping) co_return shutting_down();
  CO_TRY(state.store.has_room());
  if (!known) {
    CO_TRY(check(terms, nullptr));
    CO_TRY_ASSIGN(auto decided, state.decider.submit(std::move(submission), state.now()));
    co_return co_await state.settle(std::move(decided), std::move(claim));
  }
  CO_TRY(check(terms, &*known));
  CO_TRY_ASSIGN(auto decided, state.decider.update(std::move(submission), *known, state.now()));
  co_return co_await state.settle(std::move(decided), std::move(claim));
}

async::Task<Result<protocol::ChangeAnswer>> Service::rerun(RerunRequest request, Terms terms) {
  State& state = *state_;
  CO_TRY_ASSIGN(Claim claim, co_await state.claim(terms));
  if (claim.answer) co_return *std::move(claim.answer);
  CO_TRY_ASSIGN(const model::Job seen, co_await state.store.get_job(request.job, request.version));
  CO_TRY_ASSIGN(claim.name_lock, co_await state.lock({seen.namespace_, seen.name}));
  CO_TRY_ASSIGN(const model::Job latest, co_await state.latest(request.job));
  if (state.stopping) co_return shutting_down();
  CO_TRY(state.store.has_room());
  CO_TRY(check(terms, &latest));
  CO_TRY_ASSIGN(auto decided, state.decider.rerun(request.version ? seen : latest, latest,
                                                  std::move(request.reason), state.now()));
  co_return co_await state.settle(std::move(decided), std::move(claim));
}

async::Task<Result<protocol::ChangeAnswer>> Service::stop_job(JobId job, std::string reason,
                                                              Terms terms) {
  State& state = *state_;
  CO_TRY_ASSIGN(Claim claim, co_await state.claim(terms));
  if (claim.answer) co_return *std::move(claim.answer);
  CO_TRY_ASSIGN(const model::Job latest, co_await state.latest(job));
  if (state.stopping) co_return shutting_down();
  CO_TRY(check(terms, &latest));
  Submitted decided;
  decided.answer = {job, latest.version, state.random.uuid(), {}};
  if (state.decider.is_live(job)) {
    CO_TRY_ASSIGN(decided.effects, state.decider.stop(job, reason, state.now()));
  } else if (latest.state.state_type == model::JobStateType::Completed) {
    co_return fail(Code::FailedPrecondition, "job {}: already completed, nothing to stop", job);
  }
  co_return co_await state.settle(std::move(decided), std::move(claim));
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
