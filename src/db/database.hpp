// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "db/medium.hpp"

// SQLite as Skrei uses it: one file, write-ahead log, every commit synced (synchronous=FULL),
// schema version in `user_version`. No class here is thread-safe: a Database and all that came from
// it are used by one thread at a time.
//
// Errors of every function: OutOfSpace (disk full), ResourceExhausted (memory full), Unavailable
// (locked by another process for longer than the busy timeout), AlreadyExists (UNIQUE or PRIMARY
// KEY), FailedPrecondition (other constraints), PermissionDenied (file or folder rights), Internal
// (damaged file, failing disk). All name the file.

namespace skrei::db {

class Database;

/// A prepared statement, lent by its Database, which must outlive it. Parameters count from 1 as
/// in SQL, columns from 0. At destruction it is reset and goes back to the statement cache.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  Result<void> bind(int parameter, std::int64_t value);
  Result<void> bind(int parameter, std::string_view text);
  Result<void> bind(int parameter, ByteView blob);
  Result<void> bind_null(int parameter);
  template <class T>
  Result<void> bind(int parameter, const std::optional<T>& value) {
    return value ? bind(parameter, *value) : bind_null(parameter);
  }
  /// Binds parameters 1, 2, … in order.
  template <class... Args>
  Result<void> bind_all(const Args&... args) {
    Result<void> result;
    int parameter = 0;
    static_cast<void>(((result = bind_one(++parameter, args)).has_value() && ...));
    return result;
  }

  /// Runs to the next row. True: a row is there; false: the statement is done.
  Result<bool> step();
  /// Back to before the first row; bindings stay.
  void reset();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  /// Text and blobs are copied out; NULL is empty.
  std::string text(int column) const;
  Bytes blob(int column) const;

 private:
  friend class Database;
  struct State;
  explicit Statement(std::unique_ptr<State> state);

  template <class T>
  Result<void> bind_one(int parameter, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return bind(parameter, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
      return bind(parameter, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      return bind(parameter, std::string_view(value));
    } else if constexpr (std::is_convertible_v<const T&, ByteView>) {
      return bind(parameter, ByteView(value));
    } else {
      return bind(parameter, value);
    }
  }

  std::unique_ptr<State> state_;
};

struct Options {
  std::filesystem::path path;
  /// Written into new files; a file with another one is not ours and refused.
  std::int32_t application_id = 0;
  /// `steps[n]` is the SQL that leads from schema version n to n+1. Released steps never change.
  std::span<const std::string_view> steps;
  /// How long a statement waits for another process before Unavailable.
  std::chrono::milliseconds busy_timeout{5000};
  /// Pages in the log after which a commit also checkpoints; 0 leaves that to checkpoint().
  int auto_checkpoint_pages = 1000;
  Medium medium = {};
};

/// Passive waits for nobody. Restart waits for the readers of the log, so that the next commit
/// begins it anew.
enum class CheckpointMode { Passive, Restart };

struct Checkpoint {
  std::int64_t log_pages = 0;
  /// Of them, how many are in the file now; fewer while readers need an older state.
  std::int64_t moved_pages = 0;
  /// False: a reader was in the way until the end of the wait.
  bool complete = true;
};

/// How many copies of older versions stay beside a database: the newest ones.
inline constexpr std::size_t kMigrationCopiesMax = 3;

class Database {
 public:
  /// Opens or creates (mode 0600). An older schema is migrated:
  ///  1. a copy is made as `<file>.v<N>-backup`, synced, and named in the log;
  ///  2. all steps are one synced transaction;
  ///  3. of the copies the newest kMigrationCopiesMax stay.
  /// A power cut at any point leaves the old schema or the new one, and in step 2 the copy.
  /// FailedPrecondition, and the file is untouched, for a newer schema, another application's
  /// database and what is no database.
  static Result<std::unique_ptr<Database>> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Prepares, or takes from the cache (at most 128 statements are kept).
  Result<Statement> statement(std::string_view sql);

  /// Prepares, binds, runs to the end; rows are dropped. Gives the number of rows changed.
  template <class... Args>
  Result<std::int64_t> run(std::string_view sql, const Args&... args) {
    TRY_ASSIGN(Statement prepared, statement(sql));
    TRY(prepared.bind_all(args...));
    TRY(prepared.step());
    return changes();
  }

  /// Several statements without parameters, split at semicolons.
  Result<void> execute(std::string_view sql);

  /// Row id of the last successful INSERT.
  std::int64_t last_insert_id() const;
  /// Rows changed by the last statement.
  std::int64_t changes() const;

  /// Moves the log into the file. Call between transactions. Restart waits up to `wait`.
  Result<Checkpoint> checkpoint(CheckpointMode mode = CheckpointMode::Passive,
                                std::chrono::milliseconds wait = {});
  /// Pages in the log after the last commit of this connection. Only with
  /// auto_checkpoint_pages = 0.
  std::int64_t log_pages() const;

  /// A consistent copy of the whole database, synced, at `target`, which is replaced. `target` lies
  /// on the same medium.
  Result<void> copy_to(const std::filesystem::path& target);

  const std::filesystem::path& path() const;

 private:
  friend class Statement;
  friend class Transaction;
  struct State;
  explicit Database(std::unique_ptr<State> state);

  Result<void> refuse_foreign(const Options& options);
  Result<void> configure(const Options& options);
  Result<void> migrate(const Options& options);
  Result<void> remove_old_copies();
  Result<std::int64_t> number(std::string_view sql);

  std::unique_ptr<State> state_;
};

/// One write transaction (BEGIN IMMEDIATE). Rolled back at destruction unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// On success everything since begin is synced. On failure the destructor rolls it back.
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace skrei::db
