// SPDX-License-Identifier: Apache-2.0
#include "jobstore/memory/memory_job_store.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "jobstore/find.hpp"

namespace skrei::jobstore::memory {
namespace {

std::int64_t nanoseconds(WallTime time) {
  return time.time_since_epoch().count();
}

template <class Item>
PageKey key_of(const Item& item, OrderBy order_by) {
  const WallTime time = order_by == OrderBy::CreateTime ? item.create_time : item.modify_time;
  return {nanoseconds(time), item.id.str()};
}

/// The page that `query` asks for out of all matching `items`, which are in no order.
template <class Item, class Query>
Page<Item> page_of(std::vector<const Item*> items, const Query& query) {
  const auto before = [&](const PageKey& a, const PageKey& b) {
    const bool less = std::tie(a.time_ns, a.id) < std::tie(b.time_ns, b.id);
    return query.direction == Direction::Ascending ? less : !less && a != b;
  };
  std::sort(items.begin(), items.end(), [&](const Item* a, const Item* b) {
    return before(key_of(*a, query.order_by), key_of(*b, query.order_by));
  });
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageSizeMax);
  Page<Item> page;
  for (const Item* item : items) {
    const PageKey key = key_of(*item, query.order_by);
    if (query.after && !before(*query.after, key)) continue;
    if (page.items.size() == limit) {
      page.next = key_of(page.items.back(), query.order_by);
      break;
    }
    page.items.push_back(*item);
  }
  return page;
}

}  // namespace

void MemoryJobStore::commit(protocol::Batch batch, std::move_only_function<void()> synced) {
  tables_.apply(std::move(batch), clock_.now());
  loop_.post([synced = std::move(synced), feed = feed_, last = tables_.last_seq]() mutable {
    synced();
    feed->advance(last);
  });
}

async::Task<Result<Recovered>> MemoryJobStore::recover() {
  co_return tables_.recovered();
}

async::Task<Result<Page<model::Job>>> MemoryJobStore::list_jobs(JobQuery query) {
  std::vector<const model::Job*> matching;
  for (const auto& [id, job] : tables_.jobs) {
    if (!is_any_namespace(query.namespace_) && job->namespace_ != query.namespace_) continue;
    if (model::matches(query.labels, job->labels)) matching.push_back(job.get());
  }
  Page<model::Job> page = page_of(std::move(matching), query);
  page.last_event = feed_->last();
  co_return page;
}

async::Task<Result<model::Job>> MemoryJobStore::find_job(std::string name, std::string namespace_) {
  const std::string_view where = namespace_of_names(namespace_);
  const model::Job* newest = nullptr;
  for (const auto& [id, job] : tables_.jobs) {
    if (job->name != name) continue;
    if (where != "*" && job->namespace_ != where) continue;
    if (newest == nullptr || newest->create_time < job->create_time) newest = job.get();
  }
  if (newest != nullptr) co_return *newest;
  if (const auto job = tables_.jobs.find(JobId(name)); job != tables_.jobs.end())
    co_return *job->second;

  const auto prefix = id_prefix(name);
  std::vector<std::string> candidates;
  if (prefix) {
    for (auto job = tables_.jobs.lower_bound(JobId(*prefix));
         job != tables_.jobs.end() && job->first.str().starts_with(*prefix) &&
         candidates.size() < kCandidatesMax;
         ++job) {
      candidates.push_back(job->first.str());
    }
  }
  CO_TRY_ASSIGN(const std::string id, only_candidate(name, candidates));
  co_return *tables_.jobs.at(JobId(id));
}

async::Task<Result<std::optional<model::Job>>> MemoryJobStore::named_job(std::string name,
                                                                         std::string namespace_) {
  std::optional<model::Job> newest;
  for (const auto& [id, job] : tables_.jobs) {
    if (job->name != name || job->namespace_ != namespace_) continue;
    if (!newest || newest->create_time < job->create_time) newest = *job;
  }
  co_return newest;
}

async::Task<Result<model::Job>> MemoryJobStore::get_job(JobId id,
                                                        std::optional<std::uint64_t> version) {
  const auto job = tables_.jobs.find(id);
  if (job == tables_.jobs.end()) co_return no_such_version(id, std::nullopt);
  if (!version || job->second->version == *version) co_return *job->second;
  const auto old = tables_.versions.find({id, *version});
  if (old == tables_.versions.end()) co_return no_such_version(id, version);
  co_return *old->second;
}

async::Task<Result<Page<model::Job>>> MemoryJobStore::job_versions(VersionQuery query) {
  std::vector<std::shared_ptr<const model::Job>> versions;
  for (auto old = tables_.versions.upper_bound({query.job_id, query.after_version});
       old != tables_.versions.end() && old->first.first == query.job_id; ++old) {
    versions.push_back(old->second);
  }
  const auto job = tables_.jobs.find(query.job_id);
  if (job != tables_.jobs.end() && job->second->version > query.after_version) {
    versions.push_back(job->second);
  }
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageSizeMax);
  Page<model::Job> page;
  for (const auto& version : versions) {
    if (page.items.size() == limit) {
      page.next = PageKey{static_cast<std::int64_t>(page.items.back().version), query.job_id.str()};
      break;
    }
    page.items.push_back(*version);
  }
  co_return page;
}

async::Task<Result<Page<model::Execution>>> MemoryJobStore::list_executions(ExecutionQuery query) {
  std::vector<const model::Execution*> matching;
  for (const auto& [id, execution] : tables_.executions) {
    if (execution.job_id != query.job_id) continue;
    if (query.job_version && execution.job_version != *query.job_version) continue;
    matching.push_back(&execution);
  }
  co_return page_of(std::move(matching), query);
}

async::Task<Result<Page<model::JobHistory>>> MemoryJobStore::history(HistoryQuery query) {
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageSizeMax);
  Page<model::JobHistory> page;
  const auto first =
      std::ranges::upper_bound(tables_.events, query.after_seq, {}, &model::JobHistory::seq_num);
  for (const model::JobHistory& item : std::ranges::subrange(first, tables_.events.end())) {
    if (item.job_id != query.job_id) continue;
    if (query.job_version && item.job_version != *query.job_version) continue;
    if (query.type && item.type != *query.type) continue;
    if (!query.execution_id.empty() && item.execution_id != query.execution_id) continue;
    if (item.time < query.since) continue;
    if (page.items.size() == limit) {
      const model::JobHistory& last = page.items.back();
      page.next = PageKey{static_cast<std::int64_t>(last.seq_num), last.job_id.str()};
      break;
    }
    page.items.push_back(item);
  }
  co_return page;
}

async::Task<Result<EventPage>> MemoryJobStore::events_after(std::uint64_t seq, std::size_t limit) {
  const std::size_t rows = std::clamp<std::size_t>(limit, 1, kPageSizeMax);
  EventPage page;
  const auto first = std::ranges::upper_bound(tables_.events, seq, {}, &model::JobHistory::seq_num);
  std::uint64_t previous = seq;
  for (const model::JobHistory& event : std::ranges::subrange(first, tables_.events.end())) {
    if (event.seq_num > feed_->last() || page.events.size() == rows) break;
    const auto job = tables_.jobs.find(event.job_id);
    page.has_gap |= event.seq_num != previous + 1 || job == tables_.jobs.end();
    previous = event.seq_num;
    if (job != tables_.jobs.end()) page.events.push_back({event, job->second});
  }
  if (page.events.size() < rows) page.has_gap |= previous < feed_->last();
  co_return page;
}

async::Task<Result<std::optional<protocol::PutIdempotencyKey>>>
MemoryJobStore::find_idempotency_key(protocol::IdempotencyKey key) {
  const auto found = tables_.keys.find(key);
  if (found == tables_.keys.end()) co_return std::nullopt;
  co_return found->second;
}

async::Task<Result<std::vector<StateCount>>> MemoryJobStore::count_jobs() {
  std::map<model::JobStateType, std::uint64_t> counts;
  for (const auto& [id, job] : tables_.jobs)
    ++counts[job->state.state_type];
  std::vector<StateCount> result;
  for (const auto& [state, jobs] : counts)
    result.push_back({state, jobs});
  co_return result;
}

async::Task<Result<std::vector<ExpiredJob>>> MemoryJobStore::list_expired(ExpiryQuery query) {
  std::vector<const model::Job*> ended;
  for (const auto& [id, job] : tables_.jobs) {
    if (model::is_terminal(job->state.state_type)) ended.push_back(job.get());
  }
  std::ranges::sort(ended, {},
                    [](const model::Job* job) { return std::tie(job->modify_time, job->id); });
  std::size_t excess = ended.size() - std::min<std::size_t>(ended.size(), query.ended_jobs_max);
  std::vector<ExpiredJob> expired;
  for (const model::Job* job : ended) {
    if (expired.size() == query.limit) break;
    if (excess == 0 && job->modify_time >= query.ended_before) break;
    excess -= std::min<std::size_t>(excess, 1);
    ExpiredJob& item = expired.emplace_back(ExpiredJob{.id = job->id, .executions = {}});
    for (const auto& [id, execution] : tables_.executions) {
      if (execution.job_id == job->id && item.executions.size() < query.limit) {
        item.executions.push_back(id);
      }
    }
  }
  co_return expired;
}

async::Task<Result<void>> MemoryJobStore::copy_to(std::filesystem::path target) {
  co_return fail(Code::Unavailable, "{}: this node keeps its jobs in memory alone",
                 target.native());
}

async::Task<void> MemoryJobStore::stop() {
  co_return;
}

}  // namespace skrei::jobstore::memory
