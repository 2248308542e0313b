// SPDX-License-Identifier: Apache-2.0
#include "db/database.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include "base/log.hpp"
#include "db/sqlite_error.hpp"

namespace skrei::db {
namespace {

constexpr std::size_t kCachedStatementsMax = 128;
/// A log that grew longer while a reader held it is cut to this when it begins anew.
constexpr std::int64_t kLogBytesKept = std::int64_t{16} << 20;

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

/// Calls `action` and turns SQLiteCpp's exceptions into errors.
template <class Action>
auto guarded(const std::filesystem::path& file, Action action) -> Result<decltype(action())> {
  try {
    if constexpr (std::is_void_v<decltype(action())>) {
      action();
      return {};
    } else {
      return action();
    }
  } catch (const SQLite::Exception& e) {
    return fail(sqlite_error(e.getExtendedErrorCode(), e.what(), file));
  }
}

}  // namespace

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

struct Database::State {
  std::filesystem::path path;
  Medium medium;
  std::chrono::milliseconds busy_timeout;
  SQLite::Database connection;
  std::int64_t log_pages = 0;
  std::map<std::string, StatementHandle, std::less<>> idle = {};

  std::unexpected<Error> last_error() {
    return fail(sqlite_error(connection.getExtendedErrorCode(), connection.getErrorMsg(), path));
  }
  Result<void> check(int code) {
    if (code == SQLITE_OK) return {};
    return last_error();
  }
};

struct Statement::State {
  Database::State* database;
  StatementHandle handle;
};

Statement::Statement(std::unique_ptr<State> state) : state_(std::move(state)) {}
Statement::Statement(Statement&&) noexcept = default;

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Statement::~Statement() {
  if (!state_) return;
  reset();
  auto& idle = state_->database->idle;
  if (idle.size() >= kCachedStatementsMax) return;
  sqlite3_clear_bindings(state_->handle.get());
  std::string sql = sqlite3_sql(state_->handle.get());
  idle.try_emplace(std::move(sql), std::move(state_->handle));
}

Result<void> Statement::bind(int parameter, std::int64_t value) {
  return state_->database->check(sqlite3_bind_int64(state_->handle.get(), parameter, value));
}

Result<void> Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL; an empty text is a text.
  const char* data = text.empty() ? "" : text.data();
  return state_->database->check(sqlite3_bind_text64(state_->handle.get(), parameter, data,
                                                     text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Result<void> Statement::bind(int parameter, ByteView blob) {
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
  return state_->database->check(
      sqlite3_bind_blob64(state_->handle.get(), parameter, data, blob.size(), SQLITE_TRANSIENT));
}

Result<void> Statement::bind_null(int parameter) {
  return state_->database->check(sqlite3_bind_null(state_->handle.get(), parameter));
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(state_->handle.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return state_->database->last_error();
}

void Statement::reset() {
  // Its result repeats the last step's error, which was reported then.
  sqlite3_reset(state_->handle.get());
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(state_->handle.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(state_->handle.get(), column);
}

std::string Statement::text(int column) const {
  return std::string(as_chars(blob(column)));
}

Bytes Statement::blob(int column) const {
  sqlite3_stmt* statement = state_->handle.get();
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
  if (data == nullptr) return {};
  return {data, data + sqlite3_column_bytes(statement, column)};
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const Options& options) {
  // Made here first, so that the file and the logs SQLite makes beside it have our mode.
  TRY(options.medium.files->open(options.path, FileSystem::Open::Create));
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const auto wait = static_cast<int>(options.busy_timeout.count());
  TRY_ASSIGN(auto state, guarded(options.path, [&] {
               return std::unique_ptr<State>(new State{
                   options.path, options.medium, options.busy_timeout,
                   SQLite::Database(options.path.c_str(), kFlags, wait, options.medium.vfs)});
             }));
  std::unique_ptr<Database> database(new Database(std::move(state)));
  TRY(database->refuse_foreign(options));
  TRY(database->configure(options));
  TRY(database->migrate(options));
  return database;
}

Result<void> Database::refuse_foreign(const Options& options) {
  TRY_ASSIGN(const std::int64_t application, number("PRAGMA application_id"));
  TRY_ASSIGN(const std::int64_t version, number("PRAGMA user_version"));
  TRY_ASSIGN(const std::int64_t tables, number("SELECT count(*) FROM sqlite_master"));
  const bool is_new = application == 0 && version == 0 && tables == 0;
  if (!is_new && application != options.application_id) {
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("database {}: belongs to another program (application id {})",
                                  options.path.native(), application),
                      "name another data directory, or move the file away"});
  }
  const std::size_t known = options.steps.size();
  if (std::cmp_less_equal(version, known)) return {};
  return fail(Error{Code::FailedPrecondition,
                    fmt::format("database {}: schema version {} is newer than the {} that this "
                                "Skrei knows",
                                options.path.native(), version, known),
                    "start the newer Skrei, or name another data directory"});
}

Result<void> Database::configure(const Options& options) {
  TRY(
      execute(fmt::format("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                          "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                          "PRAGMA journal_size_limit={}; PRAGMA wal_autocheckpoint={};",
                          kLogBytesKept, options.auto_checkpoint_pages)));
  if (options.auto_checkpoint_pages > 0) return {};
  const auto note = [](void* log_pages, sqlite3*, const char*, int pages) {
    *static_cast<std::int64_t*>(log_pages) = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(state_->connection.getHandle(), note, &state_->log_pages);
  return {};
}

Result<void> Database::migrate(const Options& options) {
  TRY_ASSIGN(const std::int64_t found, number("PRAGMA user_version"));
  const auto known = static_cast<std::int64_t>(options.steps.size());
  if (found == known) return {};
  if (found > 0) {
    const std::string copy = fmt::format("{}.v{}-backup", options.path.native(), found);
    TRY(copy_to(copy));
    log::info("database is migrated; a copy of the older version stays",
              {{"file", options.path.native()}, {"from", found}, {"to", known}, {"copy", copy}});
  }
  TRY_ASSIGN(Transaction transaction, Transaction::begin(*this));
  for (const std::string_view step : options.steps.subspan(static_cast<std::size_t>(found)))
    TRY(execute(step));
  TRY(execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={};",
                          options.application_id, known)));
  TRY(transaction.commit());
  if (found == 0) return {};
  return remove_old_copies();
}

Result<void> Database::remove_old_copies() {
  const std::filesystem::path folder = folder_of(state_->path);
  const std::string prefix = state_->path.filename().native() + ".v";
  constexpr std::string_view kSuffix = "-backup";
  TRY_ASSIGN(const auto names, state_->medium.files->list(folder));
  std::vector<std::pair<std::int64_t, std::string>> copies;
  for (const std::string& name : names) {
    if (!name.starts_with(prefix) || !name.ends_with(kSuffix)) continue;
    const char* end = name.data() + name.size() - kSuffix.size();
    std::int64_t version = 0;
    if (std::from_chars(name.data() + prefix.size(), end, version).ptr != end) continue;
    copies.emplace_back(version, name);
  }
  std::ranges::sort(copies, std::greater());
  for (std::size_t i = kMigrationCopiesMax; i < copies.size(); ++i)
    TRY(state_->medium.files->remove(folder / copies[i].second));
  return {};
}

Result<std::int64_t> Database::number(std::string_view sql) {
  TRY_ASSIGN(Statement query, statement(sql));
  TRY(query.step());
  return query.integer(0);
}

Result<Statement> Database::statement(std::string_view sql) {
  auto lent = std::make_unique<Statement::State>();
  lent->database = state_.get();
  if (const auto found = state_->idle.find(sql); found != state_->idle.end()) {
    lent->handle = std::move(found->second);
    state_->idle.erase(found);
  } else {
    sqlite3_stmt* handle = nullptr;
    TRY(state_->check(sqlite3_prepare_v2(state_->connection.getHandle(), sql.data(),
                                         static_cast<int>(sql.size()), &handle, nullptr)));
    lent->handle.reset(handle);
  }
  return Statement(std::move(lent));
}

Result<void> Database::execute(std::string_view sql) {
  return guarded(state_->path, [&] { state_->connection.exec(std::string(sql)); });
}

std::int64_t Database::last_insert_id() const {
  return state_->connection.getLastInsertRowid();
}

std::int64_t Database::changes() const {
  return state_->connection.getChanges();
}

Result<Checkpoint> Database::checkpoint(CheckpointMode mode, std::chrono::milliseconds wait) {
  sqlite3* connection = state_->connection.getHandle();
  int log = 0;
  int moved = 0;
  sqlite3_busy_timeout(connection, static_cast<int>(wait.count()));
  const int code = sqlite3_wal_checkpoint_v2(
      connection, nullptr,
      mode == CheckpointMode::Passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART, &log,
      &moved);
  sqlite3_busy_timeout(connection, static_cast<int>(state_->busy_timeout.count()));
  if ((code & 0xff) == SQLITE_BUSY) return Checkpoint{log, moved, /*complete=*/false};
  TRY(state_->check(code));
  return Checkpoint{log, moved, /*complete=*/moved == log};
}

std::int64_t Database::log_pages() const {
  return state_->log_pages;
}

Result<void> Database::copy_to(const std::filesystem::path& target) {
  // (1) copy into a new file beside it, (2) sync it, (3) rename over the target, (4) sync the
  // folder. Until (3) nothing reads the copy, so it needs no journal and no syncs of its own.
  FileSystem& files = *state_->medium.files;
  std::filesystem::path temporary = target;
  temporary += ".tmp";
  TRY_ASSIGN(const auto file, files.open(temporary, FileSystem::Open::Replace));
  TRY_ASSIGN(const int outcome, guarded(temporary, [&] {
               SQLite::Database copy(temporary.c_str(), SQLITE_OPEN_READWRITE, 0,
                                     state_->medium.vfs);
               copy.exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
               return SQLite::Backup(copy, state_->connection).executeStep(-1);
             }));
  if (outcome != SQLITE_DONE) {
    return fail(sqlite_error(outcome, sqlite3_errstr(outcome), state_->path));
  }
  TRY(file->sync());
  TRY(files.rename(temporary, target));
  return files.sync_folder(folder_of(target));
}

const std::filesystem::path& Database::path() const {
  return state_->path;
}

Result<Transaction> Transaction::begin(Database& database) {
  TRY(database.run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors; then there is nothing left to do.
  if (database_ == nullptr) return;
  if (sqlite3_get_autocommit(database_->state_->connection.getHandle()) != 0) return;
  if (const auto done = database_->run("ROLLBACK"); !done) {
    log::error("rollback failed", {{"error", done.error().message}});
  }
}

Result<void> Transaction::commit() {
  TRY(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace skrei::db
