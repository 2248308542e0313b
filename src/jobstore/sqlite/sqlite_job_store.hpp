// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "base/clock.hpp"
#include "base/disk_space.hpp"
#include "db/medium.hpp"
#include "jobstore/event_feed.hpp"
#include "jobstore/job_store.hpp"

namespace skrei::jobstore::sqlite {

struct Options {
  /// The folder, which must exist; the file is `jobs.db` in it.
  std::filesystem::path folder;
  /// New work is refused while less than this, or 5 % of the disk if that is less, is free there.
  std::uint64_t free_bytes_floor = 0;
  /// For tests; by default statvfs(2).
  DiskSpaceFunction disk_space = disk_space_of;
  /// New work is refused while this many batches wait to be written.
  std::size_t pending_batches_max = 10'000;
  /// Called once on the loop when a group could not be written, or the file not be tended. Must end
  /// the process.
  std::function<void(const Error&)> on_fatal;
  db::Medium medium = {};
};

/// JobStore::copy_to() for a store that is not open, or is: through a connection of its own.
/// Blocks.
Result<void> copy_store(const Options& options, const std::filesystem::path& target);

/// The job store of a node: one SQLite file (write-ahead log, every group synced), one writer
/// thread, a few reading connections.
class SqliteJobStore final : public JobStore {
 public:
  /// FailedPrecondition for a store of a newer version. Blocks while the file is opened.
  static Result<std::unique_ptr<SqliteJobStore>> open(async::Loop& loop, const Clock& clock,
                                                      Options options);
  ~SqliteJobStore() override;

  void commit(protocol::Batch batch, std::move_only_function<void()> synced) override;
  Result<void> has_room() override;
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
  class Writer;
  class Readers;

  explicit SqliteJobStore(Options options);

  Options options_;
  std::shared_ptr<EventFeed> feed_;  // Shared with answers on their way to the loop.
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Readers> readers_;
};

}  // namespace skrei::jobstore::sqlite
