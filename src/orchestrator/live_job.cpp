// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/live_job.hpp"

#include <algorithm>

namespace skrei::orchestrator {

bool LiveJob::placed() const {
  return record->state.state_type == model::JobStateType::Running;
}

std::optional<BootTime> LiveJob::next_deadline() const {
  if (placed() || !queue_deadline) return total_deadline;
  if (!total_deadline) return queue_deadline;
  return std::min(*queue_deadline, *total_deadline);
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

}  // namespace skrei::orchestrator
