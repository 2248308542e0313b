// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

namespace skrei::orchestrator {
namespace {

/// A job's state tells anew why it waits at most this often.
constexpr Duration kExplainEvery = std::chrono::seconds(10);
/// Begins the keys of state details that tell why a node does not take the job.
constexpr std::string_view kWaitsDetail = "Waits.";

/// Where an ops job waits once it is planned; unset: any node may do.
std::optional<std::set<NodeId>> nodes_waited_for(const LiveJob& job) {
  if (!job.is_ops() || !job.planned) return std::nullopt;
  std::set<NodeId> ids;
  for (const int index : job.ready)
    ids.insert(job.partitions.at(index).node);
  return ids;
}

}  // namespace

void Decider::State::note_verdict(LiveJob& job, const NodeId& node,
                                  const std::vector<protocol::Reason>& reasons, BootTime now) {
  const bool room = job.verdicts.size() < options.reasons_max || job.verdicts.contains(node);
  const auto kind = protocol::kind_of(reasons);
  if (!room && kind == protocol::RefusalKind::NotNow) return;
  // Whether anybody is left who may take it is looked into at once.
  const bool pending = job.record->state.state_type == model::JobStateType::Pending;
  if (pending || kind == protocol::RefusalKind::Never) job.explain_at = now;
  // A node that will never do is remembered in any case, so that it is not asked again.
  job.verdicts.insert_or_assign(
      node, NodeVerdict{kind, room ? protocol::join_sentences(reasons) : std::string(), now});
}

Decider::State::Explanation Decider::State::explain(const LiveJob& job, BootTime now) const {
  Explanation explanation;
  std::map<std::string, std::vector<NodeId>> by_reason;
  const auto ours = nodes_waited_for(job);
  std::size_t known = 0;
  std::size_t suitable = 0;
  explanation.hopeless = true;
  for (const auto& [id, node] : nodes.all()) {
    if (!node.info) continue;
    ++known;
    if (ours && !ours->contains(id)) continue;
    NodeVerdict verdict;
    const auto told = job.verdicts.find(id);
    if (auto reasons = NodeTable::unsuitable(node, *job.record, job.needs); !reasons.empty()) {
      verdict = {protocol::RefusalKind::Never, protocol::join_sentences(reasons), now};
    } else if (told != job.verdicts.end()) {
      verdict = told->second;
    } else if (const auto busy = nodes.busy(node)) {
      verdict = {busy->kind, "node busy: " + busy->sentence, now};
    } else {
      ++suitable;
      explanation.hopeless = false;
      continue;
    }
    if (verdict.kind == protocol::RefusalKind::NotNow) explanation.hopeless = false;
    if (explanation.details.size() < options.reasons_max) {
      explanation.details.emplace(std::string(kWaitsDetail) + id.str(), verdict.sentence);
    }
    by_reason[verdict.sentence].push_back(id);
  }
  explanation.text =
      fmt::format("not enough nodes to run job. requested: {}, available: {}, suitable: {}.",
                  std::max(job.count() - job.decided_count, 1), known, suitable);
  std::size_t lines = 0;
  for (const auto& [sentence, ids] : by_reason) {
    if (lines++ == options.reasons_max) break;
    const std::string who = ids.size() > 1 ? fmt::format("{} of {} nodes", ids.size(), known)
                                           : "Node " + events::short_id(ids.front());
    explanation.text += fmt::format("\n• {}: {}", who, sentence);
  }
  return explanation;
}

void Decider::State::settle_waiting(LiveJob& job, Turn& turn) {
  const BootTime now = turn.now.boot;
  if (now < job.explain_at) {
    rescan_by(job.explain_at);
    return;
  }
  job.explain_at = now + kExplainEvery;
  Explanation why = explain(job, now);
  const bool fixed = job.is_ops() && job.planned;
  const bool may_end = !fixed && now >= job.settles_at && !job.queue_deadline && nodes.any_known();
  if (why.hopeless && may_end) {
    // Copied: the job goes away.
    const JobId id = job.id();
    end_job(id, protocol::JobEvent::GivesUp, why.text,
            events::job_not_placed(why.text, turn.now.wall), turn);
    return;
  }
  if (why.hopeless && now < job.settles_at) rescan_by(job.settles_at);
  // One that nobody has answered yet simply stands in line.
  if (job.verdicts.empty() && !why.hopeless) return;
  const bool first = job.record->state.state_type == model::JobStateType::Pending;
  if (first) {
    set_state(job, protocol::JobEvent::Waits, events::job_queued(why.text, turn.now.wall).message,
              std::move(why.details), turn);
    append(job, events::job_queued(why.text, turn.now.wall), turn);
    return;
  }
  if (job.record->state.details == why.details) return;
  auto record = std::make_shared<model::Job>(*job.record);
  if (!job.placed()) record->state.message = "Job queued. " + why.text;
  record->state.details = std::move(why.details);
  ++record->revision;
  record->modify_time = turn.now.wall;
  job.record = std::move(record);
  turn.fx.put(protocol::PutJob{job.record});
}

}  // namespace skrei::orchestrator
