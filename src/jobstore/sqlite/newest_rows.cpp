// SPDX-License-Identifier: Apache-2.0
#include "jobstore/sqlite/newest_rows.hpp"

#include <variant>

namespace skrei::jobstore::sqlite {

void NewestRows::add(const protocol::Batch& batch) {
  for (const protocol::Mutation& row : batch) {
    if (const auto* job = std::get_if<protocol::PutJob>(&row)) {
      jobs_[job->job->id.str()] = &row;
    } else if (const auto* execution = std::get_if<protocol::PutExecution>(&row)) {
      executions_[execution->execution.id.str()] = &row;
    } else if (const auto* hosted = std::get_if<protocol::PutHosted>(&row)) {
      hosted_[hosted->hosted.id.str()] = &row;
    } else if (const auto* removed = std::get_if<protocol::RemoveHosted>(&row)) {
      hosted_[removed->id.str()] = &row;
    } else if (std::holds_alternative<protocol::RemoveEndedJob>(row)) {
      keep_all_ = true;
    }
  }
}

bool NewestRows::is_replaced(const protocol::Mutation& row) const {
  if (keep_all_) return false;
  if (const auto* job = std::get_if<protocol::PutJob>(&row)) {
    return jobs_.at(job->job->id.str()) != &row;
  }
  if (const auto* execution = std::get_if<protocol::PutExecution>(&row)) {
    return executions_.at(execution->execution.id.str()) != &row;
  }
  if (const auto* hosted = std::get_if<protocol::PutHosted>(&row)) {
    return hosted_.at(hosted->hosted.id.str()) != &row;
  }
  return false;
}

}  // namespace skrei::jobstore::sqlite
