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
  for (protocol::Mutation& mutation : batch) {
    std::visit([this](auto& row) { apply(row); }, mutation);
  }
  loop_.post([synced = std::move(synced), feed = feed_, last = events_.size()]() mutable {
    synced();
    feed->advance(last);
  });
}

void MemoryJobStore::apply(protocol::PutJob& row) {
  const JobId id = row.job->id;
  jobs_[id] = std::move(row.job);
}

void MemoryJobStore::apply(protocol::PutJobVersion& row) {
  const std::pair key(row.job->id, row.job->version);
  versions_[key] = std::move(row.job);
}

void MemoryJobStore::apply(protocol::PutExecution& row) {
  const ExecutionId id = row.execution.id;
  executions_[id] = std::move(row.execution);
}

void MemoryJobStore::apply(protocol::AppendEvent& row) {
  const auto type =
      row.execution_id.empty() ? model::HistoryType::JobLevel : model::HistoryType::ExecutionLevel;
  events_.push_back({.seq_num = ++last_seq_,
                     .type = type,
                     .job_id = std::move(row.job_id),
                     .job_version = row.job_version,
                     .execution_id = std::move(row.execution_id),
                     .event = std::move(row.event),
                     .time = clock_.now()});
}

void MemoryJobStore::apply(protocol::PutIdempotencyKey& row) {
  const protocol::IdempotencyKey key = row.key;
  keys_[key] = std::move(row);
}

void MemoryJobStore::apply(protocol::PutHosted& row) {
  const ExecutionId id = row.hosted.id;
  hosted_[id] = std::move(row.hosted);
}

void MemoryJobStore::apply(protocol::RemoveHosted& row) {
  hosted_.erase(row.id);
}

void MemoryJobStore::apply(protocol::RemoveEndedJob& row) {
  const auto job = jobs_.find(row.id);
  if (job == jobs_.end() || !model::is_terminal(job->second->state.state_type)) return;
  // All at once: nothing here takes long.
  std::erase_if(events_, [&](const model::JobHistory& event) { return event.job_id == row.id; });
  std::erase_if(executions_, [&](const auto& entry) { return entry.second.job_id == row.id; });
  std::erase_if(keys_, [&](const auto& entry) { return entry.second.answer.job_id == row.id; });
  std::erase_if(versions_, [&](const auto& entry) { return entry.first.first == row.id; });
  jobs_.erase(job);
}

async::Task<Result<Recovered>> MemoryJobStore::recover() {
  Recovered recovered;
  for (const auto& [id, job] : jobs_) {
    if (!model::is_terminal(job->state.state_type)) recovered.jobs.push_back(*job);
  }
  std::sort(recovered.jobs.begin(), recovered.jobs.end(), [](const auto& a, const auto& b) {
    return std::tie(a.create_time, a.id) < std::tie(b.create_time, b.id);
  });
  for (const auto& [id, execution] : executions_) {
    const auto job = jobs_.find(execution.job_id);
    if (job == jobs_.end() || model::is_terminal(job->second->state.state_type)) continue;
    if (job->second->version == execution.job_version) recovered.executions.push_back(execution);
  }
  for (const auto& [id, hosted] : hosted_)
    recovered.hosted.push_back(hosted);
  co_return recovered;
}

async::Task<Result<Page<model::Job>>> MemoryJobStore::list_jobs(JobQuery query) {
  std::vector<const model::Job*> matching;
  for (const auto& [id, job] : jobs_) {
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
  for (const auto& [id, job] : jobs_) {
    if (job->name != name) continue;
    if (where != "*" && job->namespace_ != where) continue;
    if (newest == nullptr || newest->create_time < job->create_time) newest = job.get();
  }
  if (newest != nullptr) co_return *newest;
  if (const auto job = jobs_.find(JobId(name)); job != jobs_.end()) co_return *job->second;

  const auto prefix = id_prefix(name);
  std::vector<std::string> candidates;
  if (prefix) {
    for (auto job = jobs_.lower_bound(JobId(*prefix));
         job != jobs_.end() && job->first.str().starts_with(*prefix) &&
         candidates.size() < kCandidatesMax;
         ++job) {
      candidates.push_back(job->first.str());
    }
  }
  CO_TRY_ASSIGN(const std::string id, only_candidate(name, candidates));
  co_return *jobs_.at(JobId(id));
}

async::Task<Result<std::optional<model::Job>>> MemoryJobStore::named_job(std::string name,
                                                                         std::string namespace_) {
  std::optional<model::Job> newest;
  for (const auto& [id, job] : jobs_) {
    if (job->name != name || job->namespace_ != namespace_) continue;
    if (!newest || newest->create_time < job->create_time) newest = *job;
  }
  co_return newest;
}

async::Task<Result<model::Job>> MemoryJobStore::get_job(JobId id,
                                                        std::optional<std::uint64_t> version) {
  const auto job = jobs_.find(id);
  if (job == jobs_.end()) co_return no_such_version(id, std::nullopt);
  if (!version || job->second->version == *version) co_return *job->second;
  const auto old = versions_.find({id, *version});
  if (old == versions_.end()) co_return no_such_version(id, version);
  co_return *old->second;
}

async::Task<Result<Page<model::Job>>> MemoryJobStore::job_versions(VersionQuery query) {
  std::vector<std::shared_ptr<const model::Job>> versions;
  for (auto old = versions_.upper_bound({query.job_id, query.after_version});
       old != versions_.end() && old->first.first == query.job_id; ++old) {
    versions.push_back(old->second);
  }
  const auto job = jobs_.find(query.job_id);
  if (job != jobs_.end() && job->second->version > query.after_version) {
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
  for (const auto& [id, execution] : executions_) {
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
      std::ranges::upper_bound(events_, query.after_seq, {}, &model::JobHistory::seq_num);
  for (const model::JobHistory& item : std::ranges::subrange(first, events_.end())) {
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
  for (std::size_t i = seq; i < feed_->last() && page.events.size() < rows; ++i) {
    const auto job = jobs_.find(events_[i].job_id);
    page.has_gap |= job == jobs_.end();
    if (job != jobs_.end()) page.events.push_back({events_[i], job->second});
  }
  co_return page;
}

async::Task<Result<std::optional<protocol::PutIdempotencyKey>>>
MemoryJobStore::find_idempotency_key(protocol::IdempotencyKey key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) co_return std::nullopt;
  co_return found->second;
}

async::Task<Result<std::vector<StateCount>>> MemoryJobStore::count_jobs() {
  std::map<model::JobStateType, std::uint64_t> counts;
  for (const auto& [id, job] : jobs_)
    ++counts[job->state.state_type];
  std::vector<StateCount> result;
  for (const auto& [state, jobs] : counts)
    result.push_back({state, jobs});
  co_return result;
}

async::Task<Result<std::vector<ExpiredJob>>> MemoryJobStore::list_expired(ExpiryQuery query) {
  std::vector<const model::Job*> ended;
  for (const auto& [id, job] : jobs_) {
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
    for (const auto& [id, execution] : executions_) {
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
