// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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

}  // namespace

void Decider::State::note_verdict(LiveJob& job, const NodeId& node,
                                  const std::vector<protocol::Reason>& reasons, BootTime now) {
  const bool room = job.verdicts.size() < options.reasons_max || job.verdicts.contains(node);
  const auto kind = protocol::kind_of(reasons);
  if (!room && kind == protocol::RefusalKind::NotNow) return;
  // A node that will never do is remembered in any case, so that it is not asked again.
  job.verdicts.insert_or_assign(
      node, NodeVerdict{kind, room ? protocol::join_sentences(reasons) : std::string(), now});
}

Decider::State::Explanation Decider::State::explain(const LiveJob& job, BootTime now) const {
  Explanation explanation;
  std::map<std::string, std::vector<NodeId>> by_reason;
  std::size_t known = 0;
  std::size_t suitable = 0;
  explanation.hopeless = true;
  for (const auto& [id, node] : nodes.all()) {
    if (!node.info) continue;
    ++known;
    NodeVerdict verdict;
    const auto told = job.verdicts.find(id);
    if (auto reasons = NodeTable::unsuitable(node, *job.record, job.needs); !reasons.empty()) {
      verdict = {protocol::RefusalKind::Never, protocol::join_sentences(reasons), now};
    } else if (told != job.verdicts.end()) {
      verdict = told->second;
    } else if (const auto busy = nodes.busy(node, now)) {
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
                  job.count() - job.decided_count, known, suitable);
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
  Explanation why = explain(job, turn.now.boot);
  const bool may_end = turn.now.boot >= job.settles_at && !job.queue_deadline && nodes.any_known();
  if (why.hopeless && may_end) {
    // Copied: the job goes away.
    const JobId id = job.id();
    end_job(id, protocol::JobEvent::GivesUp, why.text,
            events::job_not_placed(why.text, turn.now.wall), turn);
    return;
  }
  // One that nobody has answered yet simply stands in line.
  if (job.verdicts.empty() && !why.hopeless) return;
  const bool first = job.record->state.state_type == model::JobStateType::Pending;
  if (first) {
    set_state(job, protocol::JobEvent::Waits, events::job_queued(why.text, turn.now.wall).message,
              std::move(why.details), turn);
    append(job, events::job_queued(why.text, turn.now.wall), turn);
    job.explained_at = turn.now.boot;
    return;
  }
  const bool due = turn.now.boot >= job.explained_at + kExplainEvery;
  if (!due || job.record->state.details == why.details) return;
  job.explained_at = turn.now.boot;
  auto record = std::make_shared<model::Job>(*job.record);
  if (!job.placed()) record->state.message = "Job queued. " + why.text;
  record->state.details = std::move(why.details);
  ++record->revision;
  record->modify_time = turn.now.wall;
  job.record = std::move(record);
  turn.fx.put(protocol::PutJob{job.record});
}

}  // namespace skrei::orchestrator
