// SPDX-License-Identifier: Apache-2.0
#include "jobstore/sqlite/row_reader.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "jobstore/find.hpp"
#include "jobstore/sqlite/hosted_record.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"

namespace skrei::jobstore::sqlite {
namespace {

WallTime wall_time(std::int64_t nanoseconds) {
  return WallTime(Duration(nanoseconds));
}

std::size_t page_size(std::size_t limit) {
  return std::clamp<std::size_t>(limit, 1, kPageSizeMax);
}

/// "(<time column>, id) > (?, ?) … ORDER BY <time column>, id", turned round if descending.
std::string page_clause(OrderBy order_by, Direction direction) {
  const std::string_view column = order_by == OrderBy::CreateTime ? "create_time" : "modify_time";
  const bool ascending = direction == Direction::Ascending;
  const std::string_view word = ascending ? "ASC" : "DESC";
  return fmt::format("({0}, id) {1} (?, ?) ORDER BY {0} {2}, id {2} LIMIT ?", column,
                     ascending ? ">" : "<", word);
}

/// The greatest number ever given to an event, also if its row is not kept any more.
constexpr std::string_view kLastEvent =
    "ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";

/// The place before the first row of an order.
PageKey start_of(Direction direction) {
  if (direction == Direction::Ascending) return {std::numeric_limits<std::int64_t>::min(), ""};
  return {std::numeric_limits<std::int64_t>::max(), ""};
}

/// Decodes column `column` of the statement's row with `decode`.
template <class Decode>
auto decode_column(const db::Statement& statement, int column, Decode decode) {
  return decode(statement.text(column));
}

/// Of the columns seq, job_id, job_version, execution_id, time, event.
Result<model::JobHistory> event_row(const db::Statement& rows) {
  model::JobHistory item;
  item.seq_num = static_cast<std::uint64_t>(rows.integer(0));
  item.job_id = JobId(rows.text(1));
  item.job_version = static_cast<std::uint64_t>(rows.integer(2));
  item.execution_id = ExecutionId(rows.text(3));
  item.type =
      item.execution_id.empty() ? model::HistoryType::JobLevel : model::HistoryType::ExecutionLevel;
  item.time = wall_time(rows.integer(4));
  TRY_ASSIGN(item.event, decode_column(rows, 5, model::decode_event));
  return item;
}

/// The job in the first row of the statement's answer.
template <class... Args>
Result<std::optional<model::Job>> first_job(db::Database& database, std::string_view sql,
                                            const Args&... args) {
  TRY_ASSIGN(auto rows, database.statement(sql));
  TRY(rows.bind_all(args...));
  TRY_ASSIGN(const bool row, rows.step());
  if (!row) return std::nullopt;
  TRY_ASSIGN(auto job, decode_column(rows, 0, model::decode_job));
  return job;
}

}  // namespace

Result<Recovered> RowReader::recover() {
  Recovered recovered;
  TRY_ASSIGN(auto jobs, database_.statement(
                            "SELECT record FROM jobs WHERE live = 1 ORDER BY create_time, id"));
  while (true) {
    TRY_ASSIGN(const bool row, jobs.step());
    if (!row) break;
    TRY_ASSIGN(recovered.jobs.emplace_back(), decode_column(jobs, 0, model::decode_job));
  }
  TRY_ASSIGN(auto executions,
             database_.statement("SELECT e.record FROM jobs j JOIN executions e "
                                 "ON e.job_id = j.id AND e.job_version = j.version "
                                 "WHERE j.live = 1 "
                                 "ORDER BY e.create_time, e.id"));
  while (true) {
    TRY_ASSIGN(const bool row, executions.step());
    if (!row) break;
    TRY_ASSIGN(auto execution, decode_column(executions, 0, model::decode_execution));
    recovered.executions.push_back(std::move(execution));
  }
  TRY_ASSIGN(auto hosted,
             database_.statement("SELECT id, requester, job, record FROM hosted ORDER BY id"));
  while (true) {
    TRY_ASSIGN(const bool row, hosted.step());
    if (!row) break;
    protocol::HostedExecution execution;
    execution.id = ExecutionId(hosted.text(0));
    execution.requester = NodeId(hosted.text(1));
    TRY_ASSIGN(auto job, decode_column(hosted, 2, model::decode_job));
    execution.job = std::make_shared<const model::Job>(std::move(job));
    TRY(decode_hosted(hosted.text(3), execution));
    recovered.hosted.push_back(std::move(execution));
  }
  return recovered;
}

Result<Page<model::Job>> RowReader::list_jobs(const JobQuery& query) {
  const std::size_t limit = page_size(query.limit);
  const bool any_namespace = is_any_namespace(query.namespace_);
  TRY_ASSIGN(auto rows, database_.statement(fmt::format(
                            "SELECT record, create_time, modify_time, id, namespace, {} "
                            "FROM jobs WHERE {}",
                            kLastEvent, page_clause(query.order_by, query.direction))));
  const PageKey after = query.after.value_or(start_of(query.direction));
  TRY(rows.bind_all(after.time_ns, after.id, kRowsScannedMax));

  Page<model::Job> page;
  // Of before the list for an empty one, so that nothing is missed; else of the same moment.
  TRY_ASSIGN(page.last_event, last_event());
  PageKey last = after;
  std::size_t scanned = 0;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    const PageKey key{rows.integer(query.order_by == OrderBy::CreateTime ? 1 : 2), rows.text(3)};
    if (++scanned == 1) page.last_event = static_cast<std::uint64_t>(rows.integer(5));
    if (any_namespace || rows.text(4) == query.namespace_) {
      TRY_ASSIGN(auto job, decode_column(rows, 0, model::decode_job));
      if (model::matches(query.labels, job.labels)) {
        if (page.items.size() == limit) {
          page.next = last;
          return page;
        }
        page.items.push_back(std::move(job));
      }
    }
    last = key;
  }
  if (scanned == kRowsScannedMax) page.next = last;
  return page;
}

Result<model::Job> RowReader::find_job(const std::string& name, const std::string& namespace_) {
  const std::string where(namespace_of_names(namespace_));
  TRY_ASSIGN(auto named, first_job(database_,
                                   "SELECT record FROM jobs WHERE name = ?1 AND "
                                   "(?2 = '*' OR namespace = ?2) ORDER BY create_time DESC LIMIT 1",
                                   name, where));
  if (named) return *std::move(named);
  TRY_ASSIGN(auto exact, first_job(database_, "SELECT record FROM jobs WHERE id = ?", name));
  if (exact) return *std::move(exact);

  std::vector<std::string> candidates;
  if (const auto prefix = id_prefix(name)) {
    TRY_ASSIGN(auto rows,
               database_.statement("SELECT id FROM jobs WHERE id >= ? AND id < ? LIMIT ?"));
    // '~' comes after every character of an id.
    TRY(rows.bind_all(*prefix, *prefix + "~", kCandidatesMax));
    while (true) {
      TRY_ASSIGN(const bool row, rows.step());
      if (!row) break;
      candidates.push_back(rows.text(0));
    }
  }
  TRY_ASSIGN(const std::string id, only_candidate(name, candidates));
  return get_job(JobId(id), std::nullopt);
}

Result<std::optional<model::Job>> RowReader::named_job(const std::string& name,
                                                       const std::string& namespace_) {
  return first_job(database_,
                   "SELECT record FROM jobs WHERE name = ? AND namespace = ? "
                   "ORDER BY create_time DESC LIMIT 1",
                   name, namespace_);
}

Result<model::Job> RowReader::get_job(const JobId& id, std::optional<std::uint64_t> version) {
  TRY_ASSIGN(auto current, first_job(database_, "SELECT record FROM jobs WHERE id = ?", id.str()));
  if (!current) return no_such_version(id, std::nullopt);
  if (!version || current->version == *version) return *std::move(current);
  TRY_ASSIGN(auto old, first_job(database_,
                                 "SELECT record FROM job_versions WHERE job_id = ? AND version = ?",
                                 id.str(), *version));
  if (!old) return no_such_version(id, version);
  return *std::move(old);
}

Result<Page<model::Job>> RowReader::job_versions(const VersionQuery& query) {
  const std::size_t limit = page_size(query.limit);
  TRY_ASSIGN(auto rows,
             database_.statement(
                 "SELECT record, version FROM job_versions WHERE job_id = ?1 AND version > ?2 "
                 "UNION ALL SELECT record, version FROM jobs WHERE id = ?1 AND version > ?2 "
                 "ORDER BY version LIMIT ?3"));
  TRY(rows.bind_all(query.job_id.str(), query.after_version, limit + 1));
  Page<model::Job> page;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    if (page.items.size() == limit) {
      page.next = PageKey{static_cast<std::int64_t>(page.items.back().version), query.job_id.str()};
      break;
    }
    TRY_ASSIGN(auto job, decode_column(rows, 0, model::decode_job));
    page.items.push_back(std::move(job));
  }
  return page;
}

Result<Page<model::Execution>> RowReader::list_executions(const ExecutionQuery& query) {
  const std::size_t limit = page_size(query.limit);
  TRY_ASSIGN(auto rows, database_.statement(fmt::format(
                            "SELECT record, create_time, modify_time, id FROM executions "
                            "WHERE job_id = ? AND (? OR job_version = ?) AND {}",
                            page_clause(query.order_by, query.direction))));
  const PageKey after = query.after.value_or(start_of(query.direction));
  TRY(rows.bind_all(query.job_id.str(), query.job_version ? 0 : 1, query.job_version.value_or(0),
                    after.time_ns, after.id, limit + 1));
  Page<model::Execution> page;
  PageKey last;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    if (page.items.size() == limit) {
      page.next = last;
      break;
    }
    TRY_ASSIGN(auto execution, decode_column(rows, 0, model::decode_execution));
    page.items.push_back(std::move(execution));
    last = {rows.integer(query.order_by == OrderBy::CreateTime ? 1 : 2), rows.text(3)};
  }
  return page;
}

Result<Page<model::JobHistory>> RowReader::history(const HistoryQuery& query) {
  const std::size_t limit = page_size(query.limit);
  TRY_ASSIGN(auto rows,
             database_.statement(
                 "SELECT seq, job_id, job_version, execution_id, time, event FROM events "
                 "WHERE job_id = ?1 AND seq > ?2 AND (?3 = -1 OR job_version = ?3) "
                 "AND (?4 = -1 OR (execution_id <> '') = ?4) "
                 "AND (?5 = '' OR execution_id = ?5) AND time >= ?6 ORDER BY seq LIMIT ?7"));
  const std::int64_t version =
      query.job_version ? static_cast<std::int64_t>(*query.job_version) : -1;
  const int type = query.type ? (*query.type == model::HistoryType::ExecutionLevel ? 1 : 0) : -1;
  TRY(rows.bind_all(query.job_id.str(), query.after_seq, version, type, query.execution_id.str(),
                    query.since.time_since_epoch().count(), limit + 1));
  Page<model::JobHistory> page;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    if (page.items.size() == limit) {
      const model::JobHistory& last = page.items.back();
      page.next = PageKey{static_cast<std::int64_t>(last.seq_num), last.job_id.str()};
      break;
    }
    TRY_ASSIGN(model::JobHistory item, event_row(rows));
    page.items.push_back(std::move(item));
  }
  return page;
}

Result<EventPage> RowReader::events_after(std::uint64_t seq, std::size_t limit) {
  const std::size_t rows_max = page_size(limit);
  // One statement: rows, jobs and the greatest number are of one moment.
  TRY_ASSIGN(auto rows, database_.statement(fmt::format(
                            "SELECT e.seq, e.job_id, e.job_version, e.execution_id, e.time, "
                            "e.event, j.record, {} FROM events e JOIN jobs j ON j.id = e.job_id "
                            "WHERE e.seq > ? ORDER BY e.seq LIMIT ?",
                            kLastEvent)));
  TRY(rows.bind_all(seq, rows_max));
  EventPage page;
  std::map<JobId, std::shared_ptr<const model::Job>> jobs;
  std::uint64_t at = seq;
  std::uint64_t last = 0;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    JobEvent& event = page.events.emplace_back();
    TRY_ASSIGN(event.item, event_row(rows));
    last = static_cast<std::uint64_t>(rows.integer(7));
    // Numbers are given without holes: a hole is what retention removed.
    page.has_gap |= event.item.seq_num != ++at;
    at = event.item.seq_num;
    auto& job = jobs[event.item.job_id];
    if (job == nullptr) {
      TRY_ASSIGN(auto decoded, decode_column(rows, 6, model::decode_job));
      job = std::make_shared<const model::Job>(std::move(decoded));
    }
    event.job = job;
  }
  if (page.events.empty()) {
    TRY_ASSIGN(last, last_event());
  }
  page.has_gap |= page.events.size() < rows_max && at < last;
  return page;
}

Result<std::uint64_t> RowReader::last_event() {
  TRY_ASSIGN(auto rows, database_.statement(fmt::format("SELECT {}", kLastEvent)));
  TRY(rows.step());
  return static_cast<std::uint64_t>(rows.integer(0));
}

Result<std::optional<protocol::PutIdempotencyKey>> RowReader::find_idempotency_key(
    const protocol::IdempotencyKey& key) {
  TRY_ASSIGN(auto rows, database_.statement("SELECT body_digest, job_id, evaluation, warnings, "
                                            "time, job_version FROM idempotency_keys "
                                            "WHERE client = ? AND key = ?"));
  TRY(rows.bind_all(key.client, key.key));
  TRY_ASSIGN(const bool row, rows.step());
  if (!row) return std::nullopt;
  protocol::PutIdempotencyKey record;
  record.key = key;
  const Bytes digest = rows.blob(0);
  if (digest.size() != record.body_digest.size()) {
    return fail(Code::Internal, "{}: damaged idempotency key {:?}", database_.path().native(),
                key.key);
  }
  std::copy(digest.begin(), digest.end(), record.body_digest.begin());
  record.answer.job_id = JobId(rows.text(1));
  record.answer.evaluation_id = rows.text(2);
  const std::string warnings = rows.text(3);
  for (std::size_t at = 0; at < warnings.size();) {
    const std::size_t end = std::min(warnings.find('\n', at), warnings.size());
    record.answer.warnings.push_back(warnings.substr(at, end - at));
    at = end + 1;
  }
  record.time = wall_time(rows.integer(4));
  record.answer.job_version = static_cast<std::uint64_t>(rows.integer(5));
  return record;
}

Result<std::vector<StateCount>> RowReader::count_jobs() {
  TRY_ASSIGN(auto rows, database_.statement("SELECT state, count(*) FROM jobs GROUP BY state"));
  std::vector<StateCount> counts;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) return counts;
    counts.push_back({static_cast<model::JobStateType>(rows.integer(0)),
                      static_cast<std::uint64_t>(rows.integer(1))});
  }
}

Result<std::vector<ExpiredJob>> RowReader::list_expired(const ExpiryQuery& query) {
  TRY_ASSIGN(auto count, database_.statement("SELECT count(*) FROM jobs WHERE live = 0"));
  TRY(count.step());
  const auto ended = static_cast<std::uint64_t>(count.integer(0));
  std::uint64_t excess = ended - std::min(ended, query.ended_jobs_max);
  TRY_ASSIGN(auto rows, database_.statement("SELECT id, modify_time FROM jobs WHERE live = 0 "
                                            "ORDER BY modify_time, id LIMIT ?"));
  TRY(rows.bind_all(query.limit));
  std::vector<ExpiredJob> expired;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row || (excess == 0 && wall_time(rows.integer(1)) >= query.ended_before)) break;
    excess -= std::min<std::uint64_t>(excess, 1);
    expired.push_back({.id = JobId(rows.text(0)), .executions = {}});
  }
  for (ExpiredJob& job : expired) {
    TRY_ASSIGN(auto executions,
               database_.statement("SELECT id FROM executions WHERE job_id = ? LIMIT ?"));
    TRY(executions.bind_all(job.id.str(), query.limit));
    while (true) {
      TRY_ASSIGN(const bool row, executions.step());
      if (!row) break;
      job.executions.emplace_back(executions.text(0));
    }
  }
  return expired;
}

}  // namespace skrei::jobstore::sqlite
