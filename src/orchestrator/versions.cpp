// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "model/job_diff.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

namespace skrei::orchestrator {
namespace {

bool was_placed_or_ended(const model::Job& job) {
  return job.state.state_type == model::JobStateType::Running ||
         model::is_terminal(job.state.state_type);
}

}  // namespace

const model::Job& Decider::State::latest(const model::Job& stored) const {
  const auto live = jobs.find(stored.id);
  return live == jobs.end() ? stored : *live->second.record;
}

Result<Submitted> Decider::State::update(Submission submission, const model::Job& stored,
                                         protocol::Now now) {
  const model::Job& current = latest(stored);
  if (!submission.force && model::same_spec(current, submission.job)) {
    return fail(
        Error{Code::FailedPrecondition,
              fmt::format("job \"{}\" ({}) is there already and nothing in it changes",
                          current.name, current.id),
              "`skrei job rerun` runs it again; `skrei job run --force` makes a new version "
              "of it all the same"});
  }
  return replace(std::move(submission.job), stored, events::job_updated(now.wall),
                 std::move(submission.warnings), now);
}

Result<Submitted> Decider::State::rerun(const model::Job& chosen, const model::Job& stored,
                                        std::string reason, protocol::Now now) {
  const model::Job& current = latest(stored);
  if (!was_placed_or_ended(current)) {
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("job {} is {} and has not run yet", current.id,
                                  model::to_string(current.state.state_type)),
                      "wait until it runs, or stop it first"});
  }
  return replace(chosen, stored, events::job_rerun(chosen.version, reason, now.wall), {}, now);
}

Result<Submitted> Decider::State::replace(model::Job spec, const model::Job& stored,
                                          model::Event event, std::vector<std::string> warnings,
                                          protocol::Now now) {
  const bool is_live = jobs.contains(stored.id);
  if (!is_live) TRY(check_room());
  TRY_ASSIGN(Needs needs, needs_if_run(spec));
  Turn turn{now, {}};
  const model::Job former = is_live ? retire(stored.id, turn) : stored;
  turn.fx.put(protocol::PutJobVersion{std::make_shared<const model::Job>(former)});

  auto record = std::make_shared<model::Job>(std::move(spec));
  record->id = former.id;
  record->name = former.name;
  record->namespace_ = former.namespace_;
  stamp(*record, self);
  record->version = former.version + 1;
  record->revision = former.revision + 1;
  record->create_time = record->modify_time = now.wall;
  record->state = {};
  record->state.state_type = protocol::apply(former.state.state_type, protocol::JobEvent::Replaced)
                                 .value_or(model::JobStateType::Pending);

  Submitted submitted;
  submitted.answer = {record->id, record->version, random.uuid(), std::move(warnings)};
  LiveJob& job = insert(std::move(record), std::move(needs), now);
  turn.fx.put(protocol::PutJob{job.record});
  append(job, std::move(event), turn);
  begin(job, turn);
  submitted.effects = std::move(turn.fx);
  return submitted;
}

model::Job Decider::State::retire(const JobId& id, Turn& turn) {
  LiveJob& job = jobs.at(id);
  // A result that comes all the same is told in the history of its version, beside nothing.
  for (const auto& [index, partition] : job.partitions) {
    for (const LiveAward& award : partition.awards) {
      const bool was_given = award.phase != protocol::ExecutionPhase::Planned;
      if (was_given && !protocol::is_final(award.phase)) remember_lost(award, {});
    }
  }
  drop_all(job, events::kStoppedForUpdate, turn);
  model::Job former = *job.record;
  former.state = {protocol::apply(former.state.state_type, protocol::JobEvent::StopAsked)
                      .value_or(model::JobStateType::Stopped),
                  fmt::format("replaced by version {}", former.version + 1),
                  {}};
  ++former.revision;
  former.modify_time = turn.now.wall;
  append(job, events::job_state(former.state.state_type, former.state.message, turn.now.wall),
         turn);
  jobs.erase(id);
  return former;
}

}  // namespace skrei::orchestrator
