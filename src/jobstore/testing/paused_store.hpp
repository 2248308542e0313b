// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobstore/job_store.hpp"

namespace skrei::jobstore::testing {

/// A store whose commits sync when the test says so.
class PausedStore final : public JobStore {
 public:
  explicit PausedStore(JobStore& below) : below_(below) {}

  void commit(protocol::Batch batch, std::move_only_function<void()> synced) override {
    if (!paused) return below_.commit(std::move(batch), std::move(synced));
    held_.emplace_back(std::move(batch), std::move(synced));
  }
  void sync() {
    paused = false;
    for (auto& [batch, synced] : std::exchange(held_, {})) {
      below_.commit(std::move(batch), std::move(synced));
    }
  }

  Result<void> has_room() override { return room; }
  async::Task<Result<Recovered>> recover() override { return below_.recover(); }
  async::Task<Result<Page<model::Job>>> list_jobs(JobQuery query) override {
    return below_.list_jobs(std::move(query));
  }
  async::Task<Result<model::Job>> find_job(std::string name, std::string namespace_) override {
    return below_.find_job(std::move(name), std::move(namespace_));
  }
  async::Task<Result<std::optional<model::Job>>> named_job(std::string name,
                                                           std::string namespace_) override {
    ++look_ups;
    return below_.named_job(std::move(name), std::move(namespace_));
  }
  async::Task<Result<model::Job>> get_job(JobId id, std::optional<std::uint64_t> version) override {
    return below_.get_job(std::move(id), version);
  }
  async::Task<Result<Page<model::Job>>> job_versions(VersionQuery query) override {
    return below_.job_versions(std::move(query));
  }
  async::Task<Result<Page<model::Execution>>> list_executions(ExecutionQuery query) override {
    return below_.list_executions(std::move(query));
  }
  async::Task<Result<Page<model::JobHistory>>> history(HistoryQuery query) override {
    return below_.history(std::move(query));
  }
  async::Task<Result<EventPage>> events_after(std::uint64_t seq, std::size_t limit) override {
    return below_.events_after(seq, limit);
  }
  std::uint64_t last_event() const override { return below_.last_event(); }
  void on_events(std::function<void()> listener) override { below_.on_events(std::move(listener)); }
  async::Task<Result<std::optional<protocol::PutIdempotencyKey>>> find_idempotency_key(
      protocol::IdempotencyKey key) override {
    return below_.find_idempotency_key(std::move(key));
  }
  async::Task<Result<std::vector<StateCount>>> count_jobs() override { return below_.count_jobs(); }
  async::Task<Result<std::vector<ExpiredJob>>> list_expired(ExpiryQuery query) override {
    return below_.list_expired(query);
  }
  async::Task<Result<void>> copy_to(std::filesystem::path target) override {
    return below_.copy_to(std::move(target));
  }
  async::Task<void> stop() override { return below_.stop(); }

  bool paused = false;
  Result<void> room;
  /// How often a job was looked up by its name.
  int look_ups = 0;

 private:
  JobStore& below_;
  std::vector<std::pair<protocol::Batch, std::move_only_function<void()>>> held_;
};

}  // namespace skrei::jobstore::testing
