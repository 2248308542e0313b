// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "db/database.hpp"
#include "jobstore/job_store.hpp"
#include "jobstore/query.hpp"

namespace skrei::jobstore::sqlite {

/// The reads of JobStore, synchronous, each one consistent statement (or, for a page with labels,
/// a bounded number of them). Run on a thread that may block.
class RowReader {
 public:
  explicit RowReader(db::Database& database) : database_(database) {}

  Result<Recovered> recover();
  Result<Page<model::Job>> list_jobs(const JobQuery& query);
  Result<model::Job> find_job(const std::string& name, const std::string& namespace_);
  Result<std::optional<model::Job>> named_job(const std::string& name,
                                              const std::string& namespace_);
  Result<model::Job> get_job(const JobId& id, std::optional<std::uint64_t> version);
  Result<Page<model::Job>> job_versions(const VersionQuery& query);
  Result<Page<model::Execution>> list_executions(const ExecutionQuery& query);
  Result<Page<model::JobHistory>> history(const HistoryQuery& query);
  Result<EventPage> events_after(std::uint64_t seq, std::size_t limit);
  Result<std::uint64_t> last_event();
  Result<std::optional<protocol::PutIdempotencyKey>> find_idempotency_key(
      const protocol::IdempotencyKey& key);
  Result<std::vector<StateCount>> count_jobs();
  Result<std::vector<ExpiredJob>> list_expired(const ExpiryQuery& query);

 private:
  db::Database& database_;
};

/// A page with a label selector looks at most at this many jobs; a page that ends there is short
/// or empty and still has a `next`.
inline constexpr std::size_t kRowsScannedMax = 20'000;

}  // namespace skrei::jobstore::sqlite
