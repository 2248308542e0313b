// SPDX-License-Identifier: Apache-2.0
#include "jobstore/sqlite/row_writer.hpp"

#include <fmt/ranges.h>

#include "jobstore/sqlite/hosted_record.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"

namespace skrei::jobstore::sqlite {
namespace {

std::int64_t nanoseconds(WallTime time) {
  return time.time_since_epoch().count();
}

}  // namespace

Result<void> RowWriter::write(const protocol::Batch& batch, const NewestRows& newest) {
  for (const protocol::Mutation& mutation : batch) {
    if (newest.is_replaced(mutation)) continue;
    TRY(std::visit([this](const auto& row) { return put(row); }, mutation));
  }
  return {};
}

Result<void> RowWriter::put(const protocol::PutJob& row) {
  const model::Job& job = *row.job;
  TRY(database_.run(
      "INSERT INTO jobs (id, namespace, name, state, live, create_time, modify_time, record, "
      "version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
      "namespace = excluded.namespace, name = excluded.name, state = excluded.state, "
      "live = excluded.live, create_time = excluded.create_time, "
      "modify_time = excluded.modify_time, record = excluded.record, version = excluded.version",
      job.id.str(), job.namespace_, job.name, job.state.state_type,
      model::is_terminal(job.state.state_type) ? 0 : 1, nanoseconds(job.create_time),
      nanoseconds(job.modify_time), model::encode_job(job), job.version));
  return {};
}

Result<void> RowWriter::put(const protocol::PutJobVersion& row) {
  const model::Job& job = *row.job;
  TRY(
      database_.run("INSERT OR REPLACE INTO job_versions (job_id, version, record) "
                    "VALUES (?, ?, ?)",
                    job.id.str(), job.version, model::encode_job(job)));
  return {};
}

Result<void> RowWriter::put(const protocol::PutExecution& row) {
  const model::Execution& execution = row.execution;
  TRY(database_.run(
      "INSERT INTO executions (id, job_id, job_version, create_time, modify_time, record) "
      "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET job_id = excluded.job_id, "
      "job_version = excluded.job_version, create_time = excluded.create_time, "
      "modify_time = excluded.modify_time, record = excluded.record",
      execution.id.str(), execution.job_id.str(), execution.job_version,
      nanoseconds(execution.create_time), nanoseconds(execution.modify_time),
      model::encode_execution(execution)));
  return {};
}

Result<void> RowWriter::put(const protocol::AppendEvent& row) {
  TRY(
      database_.run("INSERT INTO events (job_id, job_version, execution_id, time, event) "
                    "VALUES (?, ?, ?, ?, ?)",
                    row.job_id.str(), row.job_version, row.execution_id.str(), nanoseconds(now_),
                    model::encode_event(row.event)));
  last_event_ = static_cast<std::uint64_t>(database_.last_insert_id());
  return {};
}

Result<void> RowWriter::put(const protocol::PutIdempotencyKey& row) {
  TRY(database_.run(
      "INSERT OR REPLACE INTO idempotency_keys "
      "(client, key, body_digest, job_id, evaluation, warnings, time, job_version) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      row.key.client, row.key.key, ByteView(row.body_digest), row.answer.job_id.str(),
      row.answer.evaluation_id, fmt::format("{}", fmt::join(row.answer.warnings, "\n")),
      nanoseconds(row.time), row.answer.job_version));
  return {};
}

Result<void> RowWriter::put(const protocol::PutHosted& row) {
  const protocol::HostedExecution& hosted = row.hosted;
  const std::string record = encode_hosted(hosted);
  // The job is by far the longest part and never changes: it is encoded once.
  TRY_ASSIGN(const std::int64_t updated,
             database_.run("UPDATE hosted SET record = ? WHERE id = ?", record, hosted.id.str()));
  if (updated > 0) return {};
  TRY(database_.run("INSERT INTO hosted (id, requester, job, record) VALUES (?, ?, ?, ?)",
                    hosted.id.str(), hosted.requester.str(), model::encode_job(*hosted.job),
                    record));
  return {};
}

Result<void> RowWriter::put(const protocol::RemoveHosted& row) {
  TRY(database_.run("DELETE FROM hosted WHERE id = ?", row.id.str()));
  return {};
}

Result<void> RowWriter::put(const protocol::RemoveEndedJob& row) {
  TRY_ASSIGN(auto job, database_.statement("SELECT 1 FROM jobs WHERE id = ? AND live = 0"));
  TRY(job.bind_all(row.id.str()));
  TRY_ASSIGN(const bool ended, job.step());
  job.reset();
  if (!ended) return {};
  auto left = static_cast<std::int64_t>(row.rows_max);
  for (const std::string_view sql :
       {"DELETE FROM idempotency_keys WHERE (client, key) IN "
        "(SELECT client, key FROM idempotency_keys WHERE job_id = ? LIMIT ?)",
        "DELETE FROM job_versions WHERE rowid IN "
        "(SELECT rowid FROM job_versions WHERE job_id = ? LIMIT ?)",
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE job_id = ? LIMIT ?)",
        "DELETE FROM executions WHERE id IN "
        "(SELECT id FROM executions WHERE job_id = ? LIMIT ?)"}) {
    TRY_ASSIGN(const std::int64_t removed, database_.run(sql, row.id.str(), left));
    left -= removed;
    // What is left waits for the next one; the job stays until then.
    if (left <= 0) return {};
  }
  TRY(database_.run("DELETE FROM jobs WHERE id = ?", row.id.str()));
  return {};
}

}  // namespace skrei::jobstore::sqlite
