// SPDX-License-Identifier: Apache-2.0
#include "db/database.hpp"

#include <map>
#include <utility>

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/log.hpp"
#include "db/sqlite_error.hpp"

namespace skrei::db {
namespace {

constexpr std::size_t kCachedStatementsMax = 128;

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
  SQLite::Database connection;
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
  TRY(open_file(options.path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  TRY_ASSIGN(auto state, guarded(options.path, [&] {
               return std::unique_ptr<State>(new State{
                   options.path, SQLite::Database(options.path.native(), kFlags,
                                                  static_cast<int>(options.busy_timeout.count()))});
             }));
  std::unique_ptr<Database> database(new Database(std::move(state)));
  TRY(database->configure(options));
  TRY(database->migrate(options));
  return database;
}

Result<void> Database::configure(const Options& options) {
  TRY_ASSIGN(const std::int64_t application, pragma("application_id"));
  TRY_ASSIGN(const std::int64_t version, pragma("user_version"));
  const bool is_new = application == 0 && version == 0;
  if (!is_new && application != options.application_id) {
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("database {}: belongs to another program (application id {})",
                                  options.path.native(), application),
                      "name another data directory"});
  }
  TRY(
      execute(fmt::format("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                          "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                          "PRAGMA wal_autocheckpoint={};",
                          options.auto_checkpoint_pages)));
  return {};
}

Result<void> Database::migrate(const Options& options) {
  TRY_ASSIGN(const std::int64_t found, pragma("user_version"));
  const auto known = static_cast<std::int64_t>(options.steps.size());
  if (found > known) {
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("database {}: schema version {} is newer than the {} that this "
                                  "Skrei knows",
                                  options.path.native(), found, known),
                      "start the newer Skrei, or name another data directory"});
  }
  if (found > 0 && found < known) {
    const std::string backup = fmt::format("{}.v{}-backup", options.path.native(), found);
    TRY(copy_to(backup));
    log::info("database is migrated",
              {{"file", options.path.native()}, {"from", found}, {"to", known}, {"copy", backup}});
  }
  for (std::int64_t version = found; version < known; ++version) {
    TRY_ASSIGN(Transaction transaction, Transaction::begin(*this));
    TRY(execute(options.steps[static_cast<std::size_t>(version)]));
    TRY(execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={};",
                            options.application_id, version + 1)));
    TRY(transaction.commit());
  }
  return {};
}

Result<std::int64_t> Database::pragma(std::string_view name) {
  TRY_ASSIGN(Statement query, statement(fmt::format("PRAGMA {}", name)));
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

Result<void> Database::checkpoint() {
  return execute("PRAGMA wal_checkpoint(PASSIVE)");
}

Result<void> Database::copy_to(const std::filesystem::path& target) {
  // (1) copy into a new file beside it, (2) fsync, (3) rename over the target, (4) fsync the
  // folder.
  std::filesystem::path temporary = target;
  temporary += ".tmp";
  ::unlink(temporary.c_str());
  TRY_ASSIGN(const UniqueFd file, open_file(temporary, O_RDWR | O_CREAT | O_EXCL, 0600));
  TRY(guarded(target, [&] {
    SQLite::Database copy(temporary.native(), SQLITE_OPEN_READWRITE);
    SQLite::Backup(copy, state_->connection).executeStep(-1);
  }));
  if (::fsync(file.get()) != 0) return fail_errno(temporary.native());
  if (::rename(temporary.c_str(), target.c_str()) != 0) return fail_errno(target.native());
  TRY_ASSIGN(const UniqueFd folder, open_file(target.parent_path(), O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.get()) != 0) return fail_errno(target.parent_path().native());
  return {};
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
