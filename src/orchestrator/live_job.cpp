// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/live_job.hpp"

namespace skrei::orchestrator {
namespace {

/// Meta keys by which v1 clients find the requester.
constexpr std::string_view kOrchestratorIdMeta = "bacalhau.org/orchestrator.id";
constexpr std::string_view kRequesterIdMeta = "bacalhau.org/requester.id";

}  // namespace

bool LiveJob::placed() const {
  return record->state.state_type == model::JobStateType::Running;
}

bool LiveJob::has_ready(std::size_t partitions_max) const {
  if (!planned || !ready.empty()) return true;
  return fresh < count() && partitions.size() < partitions_max;
}

std::optional<BootTime> LiveJob::next_deadline() const {
  std::optional<BootTime> next = total_deadline;
  const auto consider = [&next](const std::optional<BootTime>& other) {
    if (other && (!next || *other < *next)) next = other;
  };
  if (!placed()) consider(queue_deadline);
  consider(note_at);
  return next;
}

void stamp(model::Job& job, const NodeId& requester) {
  job.meta.insert_or_assign(std::string(kOrchestratorIdMeta), requester.str());
  job.meta.insert_or_assign(std::string(kRequesterIdMeta), requester.str());
}

LiveAward* find_award(Partition& partition, const ExecutionId& id) {
  for (LiveAward& award : partition.awards) {
    if (award.record.id == id) return &award;
  }
  return nullptr;
}

LiveAward* holder(Partition& partition) {
  for (LiveAward& award : partition.awards) {
    if (protocol::holds_lease(award.phase)) return &award;
  }
  return nullptr;
}

LiveAward* planned_award(Partition& partition) {
  for (LiveAward& award : partition.awards) {
    if (award.phase == protocol::ExecutionPhase::Planned) return &award;
  }
  return nullptr;
}

}  // namespace skrei::orchestrator
