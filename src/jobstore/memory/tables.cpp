// SPDX-License-Identifier: Apache-2.0
#include "jobstore/memory/tables.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace skrei::jobstore::memory {

void Tables::apply(protocol::Batch batch, WallTime now) {
  for (protocol::Mutation& mutation : batch) {
    std::visit(
        [&](auto& row) {
          if constexpr (std::is_same_v<decltype(row), protocol::AppendEvent&>) {
            append(row, now);
          } else {
            apply(row);
          }
        },
        mutation);
  }
}

void Tables::apply(protocol::PutJob& row) {
  const JobId id = row.job->id;
  jobs[id] = std::move(row.job);
}

void Tables::apply(protocol::PutJobVersion& row) {
  const std::pair key(row.job->id, row.job->version);
  versions[key] = std::move(row.job);
}

void Tables::apply(protocol::PutExecution& row) {
  const ExecutionId id = row.execution.id;
  executions[id] = std::move(row.execution);
}

void Tables::append(protocol::AppendEvent& row, WallTime now) {
  const auto type =
      row.execution_id.empty() ? model::HistoryType::JobLevel : model::HistoryType::ExecutionLevel;
  events.push_back({.seq_num = ++last_seq,
                    .type = type,
                    .job_id = std::move(row.job_id),
                    .job_version = row.job_version,
                    .execution_id = std::move(row.execution_id),
                    .event = std::move(row.event),
                    .time = now});
}

void Tables::apply(protocol::PutIdempotencyKey& row) {
  const protocol::IdempotencyKey key = row.key;
  keys[key] = std::move(row);
}

void Tables::apply(protocol::PutHosted& row) {
  const ExecutionId id = row.hosted.id;
  hosted[id] = std::move(row.hosted);
}

void Tables::apply(protocol::RemoveHosted& row) {
  hosted.erase(row.id);
}

void Tables::apply(protocol::RemoveEndedJob& row) {
  const auto job = jobs.find(row.id);
  if (job == jobs.end() || !model::is_terminal(job->second->state.state_type)) return;
  // All at once: nothing here takes long.
  std::erase_if(events, [&](const model::JobHistory& event) { return event.job_id == row.id; });
  std::erase_if(executions, [&](const auto& entry) { return entry.second.job_id == row.id; });
  std::erase_if(keys, [&](const auto& entry) { return entry.second.answer.job_id == row.id; });
  std::erase_if(versions, [&](const auto& entry) { return entry.first.first == row.id; });
  jobs.erase(job);
}

Recovered Tables::recovered() const {
  Recovered recovered;
  for (const auto& [id, job] : jobs) {
    if (!model::is_terminal(job->state.state_type)) recovered.jobs.push_back(*job);
  }
  std::sort(recovered.jobs.begin(), recovered.jobs.end(), [](const auto& a, const auto& b) {
    return std::tie(a.create_time, a.id) < std::tie(b.create_time, b.id);
  });
  for (const auto& [id, execution] : executions) {
    const auto job = jobs.find(execution.job_id);
    if (job == jobs.end() || model::is_terminal(job->second->state.state_type)) continue;
    if (job->second->version == execution.job_version) recovered.executions.push_back(execution);
  }
  for (const auto& [id, record] : hosted)
    recovered.hosted.push_back(record);
  return recovered;
}

}  // namespace skrei::jobstore::memory
