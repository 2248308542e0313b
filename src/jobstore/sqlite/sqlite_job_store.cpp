// SPDX-License-Identifier: Apache-2.0
#include "jobstore/sqlite/sqlite_job_store.hpp"

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "db/database.hpp"
#include "jobstore/sqlite/group_writer.hpp"
#include "jobstore/sqlite/row_reader.hpp"
#include "jobstore/sqlite/schema.hpp"

namespace skrei::jobstore::sqlite {
namespace {

constexpr std::size_t kReaders = 2;

/// The writer moves the log into the file itself; readers write nothing.
db::Options database_options(const Options& options) {
  return {.path = options.folder / "jobs.db",
          .application_id = kApplicationId,
          .steps = kSchemaSteps,
          .auto_checkpoint_pages = 0,
          .medium = options.medium};
}

}  // namespace

/// Takes all that waits, writes it as one transaction, answers it in one turn of the loop, tidies
/// up, again. The mutex guards the queue alone, which the loop fills and the writer thread empties.
class SqliteJobStore::Writer {
 public:
  Writer(async::Loop& loop, const Clock& clock, std::unique_ptr<db::Database> database,
         std::shared_ptr<EventFeed> feed, std::function<void(const Error&)> on_fatal)
      : loop_(loop),
        writer_(std::move(database), clock, {}),
        feed_(std::move(feed)),
        on_fatal_(std::move(on_fatal)),
        thread_({.threads = 1, .queue_limit = 16}) {}

  void add(Pending pending) {
    bool start = false;
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(pending));
      start = !std::exchange(writing_, true);
    }
    if (!start) return;
    std::move_only_function<void()> job = [this] {
      write_all();
    };
    const bool taken = thread_.try_submit(job);
    SKREI_ASSERT(taken);  // One job at a time, and stop() comes after the last commit.
  }

  std::size_t pending() {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

  /// Returns after everything added before it is written and its answers are on the loop.
  async::Task<void> drain() {
    static_cast<void>(co_await async::blocking(thread_, [] { return Result<bool>(true); }));
  }

 private:
  void write_all() {
    while (true) {
      auto group = std::make_unique<std::vector<Pending>>();
      {
        const std::lock_guard lock(mutex_);
        if (queue_.empty() || failed_) {
          writing_ = false;
          return;
        }
        group->swap(queue_);
      }
      const Result<std::uint64_t> written = writer_.write(*group);
      if (!written) {
        end(written.error());
        continue;
      }
      loop_.post([group = std::move(group), feed = feed_, last_event = *written] {
        for (Pending& pending : *group)
          pending.synced();
        feed->advance(last_event);
      });
      if (const Result<void> tidied = writer_.tidy(); !tidied) end(tidied.error());
    }
  }

  void end(const Error& error) {
    failed_ = true;
    loop_.post([this, error] { on_fatal_(error); });
  }

  async::Loop& loop_;
  GroupWriter writer_;               // Of the writer thread alone.
  std::shared_ptr<EventFeed> feed_;  // Of the loop thread alone.
  std::function<void(const Error&)> on_fatal_;
  std::mutex mutex_;
  std::vector<Pending> queue_;
  bool writing_ = false;
  std::atomic<bool> failed_ = false;
  async::BlockingPool thread_;  // Last: joined before the rest goes.
};

/// A few connections, each lent to one thread of a small pool at a time.
class SqliteJobStore::Readers {
 public:
  explicit Readers(std::vector<std::unique_ptr<db::Database>> databases)
      : free_(std::move(databases)), pool_({.threads = kReaders, .queue_limit = 1024}) {}

  template <class Read>
  async::Task<std::invoke_result_t<Read&, RowReader&>> run(Read read) {
    co_return co_await async::blocking(pool_, [this, &read] {
      std::unique_ptr<db::Database> database = take();
      auto result = [&] {
        RowReader reader(*database);
        return read(reader);
      }();
      give_back(std::move(database));
      return result;
    });
  }

 private:
  // The pool has as many threads as there are connections: one is always free.
  std::unique_ptr<db::Database> take() {
    const std::lock_guard lock(mutex_);
    SKREI_ASSERT(!free_.empty());
    auto database = std::move(free_.back());
    free_.pop_back();
    return database;
  }

  void give_back(std::unique_ptr<db::Database> database) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(database));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<db::Database>> free_;
  async::BlockingPool pool_;
};

Result<void> copy_store(const Options& options, const std::filesystem::path& target) {
  TRY_ASSIGN(const auto database, db::Database::open(database_options(options)));
  return database->copy_to(target);
}

Result<std::unique_ptr<SqliteJobStore>> SqliteJobStore::open(async::Loop& loop, const Clock& clock,
                                                             Options options) {
  const db::Options file = database_options(options);
  TRY_ASSIGN(auto database, db::Database::open(file));
  std::vector<std::unique_ptr<db::Database>> reading;
  for (std::size_t i = 0; i < kReaders; ++i) {
    TRY_ASSIGN(auto connection, db::Database::open(file));
    reading.push_back(std::move(connection));
  }
  auto store = std::unique_ptr<SqliteJobStore>(new SqliteJobStore(std::move(options)));
  TRY_ASSIGN(const std::uint64_t last_event, RowReader(*database).last_event());
  store->feed_ = std::make_shared<EventFeed>(last_event);
  store->writer_ = std::make_unique<Writer>(loop, clock, std::move(database), store->feed_,
                                            store->options_.on_fatal);
  store->readers_ = std::make_unique<Readers>(std::move(reading));
  return store;
}

SqliteJobStore::SqliteJobStore(Options options) : options_(std::move(options)) {}

SqliteJobStore::~SqliteJobStore() = default;

void SqliteJobStore::commit(protocol::Batch batch, std::move_only_function<void()> synced) {
  writer_->add({std::move(batch), std::move(synced)});
}

Result<void> SqliteJobStore::has_room() {
  if (writer_->pending() >= options_.pending_batches_max) {
    return fail(Code::ResourceExhausted, "too much waits to be written; try again in a moment");
  }
  return check_disk_floor(options_.folder, options_.free_bytes_floor, options_.disk_space);
}

async::Task<Result<Recovered>> SqliteJobStore::recover() {
  co_return co_await readers_->run([](RowReader& reader) { return reader.recover(); });
}

async::Task<Result<Page<model::Job>>> SqliteJobStore::list_jobs(JobQuery query) {
  co_return co_await readers_->run([&](RowReader& reader) { return reader.list_jobs(query); });
}

async::Task<Result<model::Job>> SqliteJobStore::find_job(std::string name, std::string namespace_) {
  co_return co_await readers_->run(
      [&](RowReader& reader) { return reader.find_job(name, namespace_); });
}

async::Task<Result<std::optional<model::Job>>> SqliteJobStore::named_job(std::string name,
                                                                         std::string namespace_) {
  co_return co_await readers_->run(
      [&](RowReader& reader) { return reader.named_job(name, namespace_); });
}

async::Task<Result<model::Job>> SqliteJobStore::get_job(JobId id,
                                                        std::optional<std::uint64_t> version) {
  co_return co_await readers_->run([&](RowReader& reader) { return reader.get_job(id, version); });
}

async::Task<Result<Page<model::Job>>> SqliteJobStore::job_versions(VersionQuery query) {
  co_return co_await readers_->run([&](RowReader& reader) { return reader.job_versions(query); });
}

async::Task<Result<Page<model::Execution>>> SqliteJobStore::list_executions(ExecutionQuery query) {
  co_return co_await readers_->run(
      [&](RowReader& reader) { return reader.list_executions(query); });
}

async::Task<Result<Page<model::JobHistory>>> SqliteJobStore::history(HistoryQuery query) {
  co_return co_await readers_->run([&](RowReader& reader) { return reader.history(query); });
}

async::Task<Result<EventPage>> SqliteJobStore::events_after(std::uint64_t seq, std::size_t limit) {
  co_return co_await readers_->run(
      [&](RowReader& reader) { return reader.events_after(seq, limit); });
}

async::Task<Result<std::optional<protocol::PutIdempotencyKey>>>
SqliteJobStore::find_idempotency_key(protocol::IdempotencyKey key) {
  co_return co_await readers_->run(
      [&](RowReader& reader) { return reader.find_idempotency_key(key); });
}

async::Task<Result<std::vector<StateCount>>> SqliteJobStore::count_jobs() {
  co_return co_await readers_->run([](RowReader& reader) { return reader.count_jobs(); });
}

async::Task<Result<std::vector<ExpiredJob>>> SqliteJobStore::list_expired(ExpiryQuery query) {
  co_return co_await readers_->run([&](RowReader& reader) { return reader.list_expired(query); });
}

async::Task<Result<void>> SqliteJobStore::copy_to(std::filesystem::path target) {
  // A connection and a thread of its own: a read that lasts holds up neither writer nor readers.
  async::BlockingPool thread({.threads = 1, .queue_limit = 1});
  co_return co_await async::blocking(thread, [&] { return copy_store(options_, target); });
}

async::Task<void> SqliteJobStore::stop() {
  co_await writer_->drain();
}

}  // namespace skrei::jobstore::sqlite
