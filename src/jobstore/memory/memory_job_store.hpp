// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "async/loop.hpp"
#include "base/clock.hpp"
#include "jobstore/event_feed.hpp"
#include "jobstore/job_store.hpp"
#include "jobstore/memory/tables.hpp"

namespace skrei::jobstore::memory {

/// A job store that forgets all at the end: for tests, simulation and `--local` runs. A batch is
/// "synced" at the next turn of the loop.
class MemoryJobStore final : public JobStore {
 public:
  MemoryJobStore(async::Loop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}

  void commit(protocol::Batch batch, std::move_only_function<void()> synced) override;
  Result<void> has_room() override { return {}; }
  async::Task<Result<Recovered>> recover() override;
  async::Task<Result<Page<model::Job>>> list_jobs(JobQuery query) override;
  async::Task<Result<model::Job>> find_job(std::string name, std::string namespace_) override;
  async::Task<Result<std::optional<model::Job>>> named_job(std::string name,
                                                           std::string namespace_) override;
  async::Task<Result<model::Job>> get_job(JobId id, std::optional<std::uint64_t> version) override;
  async::Task<Result<Page<model::Job>>> job_versions(VersionQuery query) override;
  async::Task<Result<Page<model::Execution>>> list_executions(ExecutionQuery query) override;
  async::Task<Result<Page<model::JobHistory>>> history(HistoryQuery query) override;
  async::Task<Result<EventPage>> events_after(std::uint64_t seq, std::size_t limit) override;
  std::uint64_t last_event() const override { return feed_->last(); }
  void on_events(std::function<void()> listener) override { feed_->listen(std::move(listener)); }
  async::Task<Result<std::optional<protocol::PutIdempotencyKey>>> find_idempotency_key(
      protocol::IdempotencyKey key) override;
  async::Task<Result<std::vector<StateCount>>> count_jobs() override;
  async::Task<Result<std::vector<ExpiredJob>>> list_expired(ExpiryQuery query) override;
  async::Task<Result<void>> copy_to(std::filesystem::path target) override;
  async::Task<void> stop() override;

 private:
  async::Loop& loop_;
  const Clock& clock_;
  Tables tables_;
  // Shared with what is posted, which may run after this is gone.
  std::shared_ptr<EventFeed> feed_ = std::make_shared<EventFeed>();
};

}  // namespace skrei::jobstore::memory
