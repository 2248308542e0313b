// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/decider.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

namespace skrei::orchestrator {
namespace {

std::optional<BootTime> earlier(std::optional<BootTime> a, std::optional<BootTime> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

/// When a limit counted from the job's creation is over on this machine's boot clock.
std::optional<BootTime> deadline_of(std::chrono::seconds limit, WallTime created,
                                    protocol::Now now) {
  if (limit <= std::chrono::seconds(0)) return std::nullopt;
  const Duration left = std::clamp<Duration>(limit - (now.wall - created), Duration{0}, limit);
  return now.boot + left;
}

}  // namespace

Decider::State::State(NodeId self_id, Options settings, Random& source)
    : self(std::move(self_id)),
      options(settings),
      random(source),
      nodes(options),
      candidates(nodes) {}

LiveJob& Decider::State::insert(std::shared_ptr<const model::Job> record, Needs needs,
                                protocol::Now now) {
  LiveJob job;
  job.record = std::move(record);
  job.needs = std::move(needs);
  job.serial = next_serial++;
  job.planned = !job.is_ops();
  job.total = job.planned ? std::max(job.record->count, 0) : 0;
  job.decided.assign(static_cast<std::size_t>(job.total), false);
  const model::Timeouts& timeouts = job.record->task().timeouts;
  job.queue_deadline = deadline_of(timeouts.queue, job.record->create_time, now);
  job.total_deadline = deadline_of(timeouts.total, job.record->create_time, now);
  job.settles_at = nodes.any_known() ? now.boot : now.boot + options.discovery;
  const JobId id = job.id();
  LiveJob& placed = jobs.insert_or_assign(id, std::move(job)).first->second;
  arm(placed);
  return placed;
}

Result<void> Decider::State::check_room() const {
  if (jobs.size() < options.live_jobs_max) return {};
  return fail(Error{
      Code::ResourceExhausted,
      fmt::format("{} jobs are waiting or running, which is the limit", options.live_jobs_max),
      "wait until some have ended"});
}

Result<Needs> Decider::State::needs_if_run(const model::Job& job) {
  if (job.type != model::JobType::Batch && job.type != model::JobType::Ops) {
    return fail(Error{
        Code::InvalidArgument,
        fmt::format("jobs of type \"{}\" are not run by this version", model::to_string(job.type)),
        "submit it as a batch or ops job"});
  }
  return needs_of(job);
}

void Decider::State::begin(LiveJob& job, Turn& turn) {
  if (job.is_ops()) plan(job, turn);
  if (job.planned && job.count() == 0) {
    end_job(job.id(), protocol::JobEvent::AllDone, "",
            events::job_state(model::JobStateType::Completed, "nothing to do: count is 0",
                              turn.now.wall),
            turn);
    return;
  }
  settle_line(job);
  place(turn);
}

Result<Submitted> Decider::State::submit(Submission submission, protocol::Now now) {
  TRY(check_room());
  TRY_ASSIGN(Needs needs, needs_if_run(submission.job));
  auto record = std::make_shared<model::Job>(std::move(submission.job));
  record->id = JobId("j-" + random.uuid());
  if (record->name.empty()) record->name = record->id.str();
  stamp(*record, self);
  record->version = 1;
  record->revision = 1;
  record->create_time = record->modify_time = now.wall;
  record->state = {};
  record->state.state_type =
      *protocol::apply(model::JobStateType::Undefined, protocol::JobEvent::Submitted);

  Submitted submitted;
  submitted.answer = {record->id, record->version, random.uuid(), std::move(submission.warnings)};
  Turn turn{now, {}};
  LiveJob& job = insert(record, std::move(needs), now);
  turn.fx.put(protocol::PutJob{job.record});
  append(job, events::job_submitted(now.wall), turn);
  begin(job, turn);
  submitted.effects = std::move(turn.fx);
  return submitted;
}

void Decider::State::set_state(LiveJob& job, protocol::JobEvent event, std::string message,
                               model::StringMap details, Turn& turn) {
  const auto next = protocol::apply(job.record->state.state_type, event);
  if (!next) return;
  auto record = std::make_shared<model::Job>(*job.record);
  record->state = {*next, std::move(message), std::move(details)};
  ++record->revision;
  record->modify_time = turn.now.wall;
  job.record = std::move(record);
  turn.fx.put(protocol::PutJob{job.record});
}

void Decider::State::append(const LiveJob& job, model::Event event, Turn& turn) {
  turn.fx.put(protocol::AppendEvent{job.id(), job.record->version, {}, std::move(event)});
}

void Decider::State::append(const LiveAward& award, model::Event event, Turn& turn) {
  turn.fx.put(protocol::AppendEvent{award.record.job_id, award.record.job_version, award.record.id,
                                    std::move(event)});
}

void Decider::State::write(LiveAward& award, Turn& turn) {
  award.record.compute_state.state_type = protocol::compute_state(award.phase);
  ++award.record.revision;
  award.record.modify_time = turn.now.wall;
  turn.fx.put(protocol::PutExecution{award.record});
}

void Decider::State::arm(LiveJob& job) {
  if (const auto deadline = job.next_deadline()) {
    job_deadlines.set(job.id(), *deadline);
  } else {
    job_deadlines.clear(job.id());
  }
}

void Decider::State::arm(LiveAward& award) {
  std::optional<BootTime> next = award.lease_end;
  if (award.phase == protocol::ExecutionPhase::Awarded) next = earlier(next, award.repeat_at);
  if (award.phase == protocol::ExecutionPhase::Running) next = earlier(next, award.timeout_at);
  award_deadlines.set(award.record.id, *next);
}

void Decider::State::on_message(const NodeId& from, const protocol::Message& message, Turn& turn) {
  std::visit([&](const auto& content) { on(from, content, turn); }, message);
  place(turn);
}

void Decider::State::on_peer_up(const NodeId& id, Turn& turn) {
  NodeEntry& node = nodes.at(id);
  nodes.connected(node, turn.now);
  greet(node, turn);
  rescan();
  place(turn);
}

void Decider::State::greet(const NodeEntry& node, Turn& turn) {
  protocol::Hello hello{boot_id, run_id, {}};
  for (const ExecutionId& execution : node.awards) {
    const ExecutionPlace& where = executions_by_id.at(execution);
    LiveAward* award = find_award(jobs.at(where.job).partitions.at(where.partition), execution);
    SKREI_ASSERT(award != nullptr);
    hello.awarded.push_back({execution, award->record.epoch, award->revision_seen,
                             protocol::compute_state(award->phase)});
    if (award->phase != protocol::ExecutionPhase::Awarded) continue;
    award->node_run_id.clear();
    award->repeat_at = turn.now.boot + options.award_repeat;
    arm(*award);
  }
  turn.fx.send(node.id, std::move(hello));
}

void Decider::State::on_peer_down(const NodeId& id, Turn& turn) {
  NodeEntry* node = nodes.find(id);
  if (!node || !node->up) return;
  nodes.disconnected(*node, turn.now);
  std::vector<OfferId> unanswered;
  for (const auto& [offer_id, offer] : offers) {
    if (offer.node == id && offer.counted) unanswered.push_back(offer_id);
  }
  for (const OfferId& offer_id : unanswered)
    on_offer_deadline(offer_id, turn);
  place(turn);
}

void Decider::State::on_node_described(const model::NodeInfo& info, Turn& turn) {
  NodeEntry& node = nodes.at(info.node_id);
  const bool changed = !node.info || *node.info != info;
  if (!changed) return;
  nodes.described(node, info);
  rescan();
  place(turn);
}

void Decider::State::on_node_forgotten(const NodeId& id, Turn& turn) {
  on_peer_down(id, turn);
  NodeEntry* node = nodes.find(id);
  // Its leases run on: it may come back with what it was given.
  if (node && node->awards.empty()) {
    nodes.erase(id);
  } else if (node) {
    nodes.described(*node, std::nullopt);
  }
}

std::optional<BootTime> Decider::State::next_wakeup() const {
  if (scan_unfinished) return BootTime{};
  std::optional<BootTime> next = earlier(job_deadlines.first(), offer_deadlines.first());
  next = earlier(next, award_deadlines.first());
  next = earlier(next, partition_delays.first());
  next = earlier(next, rescan_at);
  return earlier(next, nodes.next_opening());
}

void Decider::State::tick(Turn& turn) {
  const BootTime now = turn.now.boot;
  while (const auto id = job_deadlines.pop_due(now))
    on_job_deadline(*id, turn);
  while (const auto id = award_deadlines.pop_due(now))
    on_award_deadline(*id, turn);
  while (const auto id = offer_deadlines.pop_due(now))
    on_offer_deadline(*id, turn);
  while (const auto key = partition_delays.pop_due(now)) {
    LiveJob& job = jobs.at(key->first);
    Partition& partition = job.partitions.at(key->second);
    if (partition.stage == PartitionStage::Ready) {
      check_absent(job, key->second, turn);
    } else {
      make_ready(job, key->second, partition, now);
    }
  }
  if (rescan_at && now >= *rescan_at) {
    rescan_at.reset();
    rescan();
  }
  place(turn);
}

// -- The decider's face -----------------------------------------------------------------------

Decider::Decider(NodeId self, Options options, Random& random)
    : state_(std::make_unique<State>(std::move(self), options, random)) {}
Decider::~Decider() = default;

Result<Submitted> Decider::submit(Submission submission, protocol::Now now) {
  return state_->submit(std::move(submission), now);
}

Result<Submitted> Decider::update(Submission submission, const model::Job& stored,
                                  protocol::Now now) {
  return state_->update(std::move(submission), stored, now);
}

Result<Submitted> Decider::rerun(const model::Job& chosen, const model::Job& stored,
                                 std::string reason, protocol::Now now) {
  return state_->rerun(chosen, stored, std::move(reason), now);
}

Result<protocol::Effects> Decider::stop(const JobId& id, const std::string& reason,
                                        protocol::Now now) {
  if (!state_->jobs.contains(id)) return fail(Code::NotFound, "job {}: not running", id);
  Turn turn{now, {}};
  state_->end_job(id, protocol::JobEvent::StopAsked, reason,
                  events::job_stop_requested(reason, now.wall), turn);
  state_->place(turn);
  return std::move(turn.fx);
}

protocol::Effects Decider::on_message(const NodeId& from, const protocol::Message& message,
                                      protocol::Now now) {
  Turn turn{now, {}};
  state_->on_message(from, message, turn);
  return std::move(turn.fx);
}

protocol::Effects Decider::on_peer_up(const NodeId& node, protocol::Now now) {
  Turn turn{now, {}};
  state_->on_peer_up(node, turn);
  return std::move(turn.fx);
}

protocol::Effects Decider::on_peer_down(const NodeId& node, protocol::Now now) {
  Turn turn{now, {}};
  state_->on_peer_down(node, turn);
  return std::move(turn.fx);
}

protocol::Effects Decider::on_node_described(const model::NodeInfo& info, protocol::Now now) {
  Turn turn{now, {}};
  state_->on_node_described(info, turn);
  return std::move(turn.fx);
}

protocol::Effects Decider::on_node_forgotten(const NodeId& node, protocol::Now now) {
  Turn turn{now, {}};
  state_->on_node_forgotten(node, turn);
  return std::move(turn.fx);
}

protocol::Effects Decider::recover(std::vector<model::Job> jobs,
                                   std::vector<model::Execution> executions, protocol::Now now) {
  Turn turn{now, {}};
  state_->recover(std::move(jobs), std::move(executions), turn);
  return std::move(turn.fx);
}

std::optional<BootTime> Decider::next_wakeup() const {
  return state_->next_wakeup();
}

protocol::Effects Decider::tick(protocol::Now now) {
  Turn turn{now, {}};
  state_->tick(turn);
  return std::move(turn.fx);
}

std::vector<model::NodeState> Decider::nodes() const {
  std::vector<model::NodeState> states;
  for (const auto& [id, node] : state_->nodes.all()) {
    if (!node.info) continue;
    model::NodeState state;
    state.info = *node.info;
    state.connection_state.status =
        node.up ? model::Connection::Connected : model::Connection::Disconnected;
    state.connection_state.last_heartbeat = node.last_heartbeat;
    state.connection_state.connected_since = node.connected_since;
    state.connection_state.disconnected_since = node.disconnected_since;
    if (node.set_aside) state.connection_state.last_error = node.closed_reason;
    states.push_back(std::move(state));
  }
  return states;
}

bool Decider::is_live(const JobId& job) const {
  return state_->jobs.contains(job);
}

const model::Job* Decider::live_job(const JobId& job) const {
  const auto place = state_->jobs.find(job);
  return place == state_->jobs.end() ? nullptr : place->second.record.get();
}

std::size_t Decider::live_jobs() const {
  return state_->jobs.size();
}

std::size_t Decider::open_offers() const {
  return state_->offers_open;
}

void Decider::set_run(std::string boot_id, std::string run_id) {
  state_->boot_id = std::move(boot_id);
  state_->run_id = std::move(run_id);
}

}  // namespace skrei::orchestrator
