// SPDX-License-Identifier: Apache-2.0
#include "db/database.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "db/sqlite_error.hpp"

namespace skrei::db {
namespace {

constexpr std::int32_t kApplication = 0x534b0001;
constexpr std::string_view kSteps[] = {
    "CREATE TABLE item (name TEXT PRIMARY KEY, value BLOB, count INTEGER CHECK (count >= 0))",
    "ALTER TABLE item ADD COLUMN note TEXT; CREATE INDEX item_note ON item (note)",
};

class DatabaseTest : public ::testing::Test {
 protected:
  std::filesystem::path file() const { return dir_.path() / "test.db"; }
  Result<std::unique_ptr<Database>> open(std::size_t versions = 2) {
    return Database::open({.path = file(),
                           .application_id = kApplication,
                           .steps = std::span(kSteps).first(versions)});
  }

  testing::TempDir dir_;
};

std::int64_t count(Database& database, std::string_view sql) {
  auto statement = database.statement(sql);
  EXPECT_TRUE(statement) << statement.error().message;
  EXPECT_TRUE(statement->step().value());
  return statement->integer(0);
}

TEST_F(DatabaseTest, IsPrivateLoggedAheadAndFullySynced) {
  const auto database = open().value();
  struct stat info{};

  EXPECT_EQ(count(*database, "PRAGMA synchronous"), 2);
  auto mode = database->statement("PRAGMA journal_mode").value();
  EXPECT_TRUE(mode.step().value());
  EXPECT_EQ(mode.text(0), "wal");
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(DatabaseTest, KeepsValuesOfEachType) {
  const auto database = open().value();
  const Bytes blob{0, 1, 255};

  ASSERT_TRUE(database->run("INSERT INTO item VALUES (?, ?, ?, ?)", std::string("a\0b", 3), blob, 7,
                            std::optional<std::string_view>()));
  ASSERT_TRUE(
      database->run("INSERT INTO item VALUES (?, ?, ?, ?)", "empty", Bytes(), INT64_MAX, "n"));

  auto rows = database->statement("SELECT * FROM item ORDER BY name").value();
  ASSERT_TRUE(rows.step().value());
  EXPECT_EQ(rows.text(0), std::string("a\0b", 3));
  EXPECT_EQ(rows.blob(1), blob);
  EXPECT_EQ(rows.integer(2), 7);
  EXPECT_TRUE(rows.is_null(3));
  ASSERT_TRUE(rows.step().value());
  EXPECT_FALSE(rows.is_null(1));
  EXPECT_TRUE(rows.blob(1).empty());
  EXPECT_EQ(rows.integer(2), INT64_MAX);
  EXPECT_FALSE(rows.step().value());
}

TEST_F(DatabaseTest, LendsOneStatementTwiceAtOnce) {
  const auto database = open().value();
  constexpr std::string_view kSql = "SELECT ?";

  auto first = database->statement(kSql).value();
  auto second = database->statement(kSql).value();
  ASSERT_TRUE(first.bind_all(1));
  ASSERT_TRUE(second.bind_all(2));

  EXPECT_TRUE(first.step().value());
  EXPECT_TRUE(second.step().value());
  EXPECT_EQ(first.integer(0), 1);
  EXPECT_EQ(second.integer(0), 2);
}

TEST_F(DatabaseTest, ACachedStatementForgetsItsBindings) {
  const auto database = open().value();
  {
    auto statement = database->statement("SELECT ?").value();
    ASSERT_TRUE(statement.bind_all(5));
  }

  auto statement = database->statement("SELECT ?").value();
  ASSERT_TRUE(statement.step().value());
  EXPECT_TRUE(statement.is_null(0));
}

TEST_F(DatabaseTest, TransactionIsRolledBackUnlessCommitted) {
  const auto database = open().value();
  {
    auto transaction = Transaction::begin(*database).value();
    ASSERT_TRUE(database->run("INSERT INTO item (name) VALUES ('gone')"));
  }
  auto transaction = Transaction::begin(*database).value();
  ASSERT_TRUE(database->run("INSERT INTO item (name) VALUES ('kept')"));
  ASSERT_TRUE(transaction.commit());

  EXPECT_EQ(count(*database, "SELECT count(*) FROM item"), 1);
}

TEST_F(DatabaseTest, ErrorsHaveTheirCodes) {
  const auto database = open().value();
  ASSERT_TRUE(database->run("INSERT INTO item (name) VALUES ('a')"));

  const auto twice = database->run("INSERT INTO item (name) VALUES ('a')");
  const auto broken = database->run("INSERT INTO item (name, count) VALUES ('b', -1)");
  const auto wrong = database->statement("SELEKT");

  EXPECT_EQ(twice.error().code, Code::AlreadyExists);
  EXPECT_EQ(broken.error().code, Code::FailedPrecondition);
  EXPECT_EQ(wrong.error().code, Code::Internal);
  EXPECT_TRUE(twice.error().message.contains(file().native()));
}

TEST_F(DatabaseTest, AFullDatabaseIsOutOfSpace) {
  const auto database = open().value();
  const std::int64_t pages = count(*database, "PRAGMA page_count");
  ASSERT_TRUE(database->execute(fmt::format("PRAGMA max_page_count={}", pages)));

  const auto written =
      database->run("INSERT INTO item (name, value) VALUES ('x', ?)", Bytes(100'000, 1));

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::OutOfSpace);
}

TEST_F(DatabaseTest, ALockedDatabaseIsUnavailable) {
  const auto holder = open().value();
  const auto other = Database::open({.path = file(),
                                     .application_id = kApplication,
                                     .steps = kSteps,
                                     .busy_timeout = std::chrono::milliseconds(1)})
                         .value();
  const auto transaction = Transaction::begin(*holder).value();

  const auto second = Transaction::begin(*other);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::Unavailable);
}

TEST_F(DatabaseTest, MigratesAnOlderFileAndKeepsACopy) {
  {
    const auto old = open(1).value();
    ASSERT_TRUE(old->run("INSERT INTO item (name) VALUES ('old')"));
  }

  const auto database = open(2).value();

  EXPECT_EQ(count(*database, "PRAGMA user_version"), 2);
  EXPECT_EQ(count(*database, "SELECT count(*) FROM item WHERE note IS NULL"), 1);
  const auto copy = Database::open({.path = file().native() + ".v1-backup",
                                    .application_id = kApplication,
                                    .steps = std::span(kSteps).first(1)});
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(count(**copy, "SELECT count(*) FROM item"), 1);
}

TEST_F(DatabaseTest, AFailedMigrationChangesNothing) {
  ASSERT_TRUE(open(1));
  constexpr std::string_view kBad[] = {kSteps[0], "CREATE TABLE other (a); SELEKT"};

  ASSERT_FALSE(Database::open({.path = file(), .application_id = kApplication, .steps = kBad}));

  const auto database = open(1).value();
  EXPECT_EQ(count(*database, "SELECT count(*) FROM sqlite_master WHERE name = 'other'"), 0);
}

TEST_F(DatabaseTest, KeepsTheNewestCopiesOfOlderVersionsOnly) {
  std::vector<std::string_view> steps{kSteps[0]};
  const auto open_all = [&] {
    return Database::open({.path = file(), .application_id = kApplication, .steps = steps});
  };
  ASSERT_TRUE(open_all());
  std::ofstream(file().native() + ".vX-backup") << "another's";
  for (int version = 2; version <= 12; ++version) {
    steps.push_back("CREATE TABLE IF NOT EXISTS other (a)");
    ASSERT_TRUE(open_all());
  }

  std::vector<std::string> copies;
  for (const std::string& name : system_files().list(dir_.path()).value())
    if (name.ends_with("-backup")) copies.push_back(name);
  EXPECT_EQ(copies, (std::vector<std::string>{"test.db.v10-backup", "test.db.v11-backup",
                                              "test.db.v9-backup", "test.db.vX-backup"}));
}

TEST_F(DatabaseTest, RefusesANewerSchemaWithASentenceAndLeavesItAsItIs) {
  ASSERT_TRUE(open(2));
  const Bytes before = read_file(file(), 1 << 20).value();

  const auto older = open(1);

  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, Code::FailedPrecondition);
  EXPECT_EQ(older.error().message,
            fmt::format("database {}: schema version 2 is newer than the 1 that this Skrei knows",
                        file().native()));
  EXPECT_EQ(older.error().hint, "start the newer Skrei, or name another data directory");
  EXPECT_EQ(read_file(file(), 1 << 20).value(), before);
}

TEST_F(DatabaseTest, RefusesADatabaseOfAProgramThatNamesItselfNowhere) {
  {
    sqlite3* other = nullptr;
    ASSERT_EQ(::sqlite3_open(file().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(::sqlite3_exec(other, "CREATE TABLE precious (a)", nullptr, nullptr, nullptr),
              SQLITE_OK);
    ::sqlite3_close(other);
  }
  const Bytes before = read_file(file(), 1 << 20).value();

  const auto database = open();

  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Code::FailedPrecondition);
  EXPECT_TRUE(database.error().message.contains("belongs to another program"))
      << database.error().message;
  EXPECT_EQ(read_file(file(), 1 << 20).value(), before);
}

TEST_F(DatabaseTest, AShortFileThatIsNoDatabaseIsRefusedToo) {
  std::ofstream(file()) << "hello";

  const auto database = open();

  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Code::FailedPrecondition);
  EXPECT_TRUE(database.error().message.contains("not an SQLite database"))
      << database.error().message;
  EXPECT_EQ(as_chars(read_file(file(), 100).value()), "hello");
}

/// A reader of an old state in the way of the log.
TEST_F(DatabaseTest, ACheckpointSaysWhetherAReaderWasInItsWay) {
  const auto writer = Database::open({.path = file(),
                                      .application_id = kApplication,
                                      .steps = kSteps,
                                      .auto_checkpoint_pages = 0})
                          .value();
  const auto reader = open().value();
  ASSERT_TRUE(writer->run("INSERT INTO item (name) VALUES ('a')"));
  ASSERT_TRUE(writer->checkpoint());
  {
    auto reading = reader->statement("SELECT name FROM item").value();
    ASSERT_TRUE(reading.step().value());
    ASSERT_TRUE(writer->run("INSERT INTO item (name, value) VALUES ('b', ?)", Bytes(20'000, 1)));
    EXPECT_GE(writer->log_pages(), 5);

    const auto passive = writer->checkpoint().value();
    const auto restart = writer->checkpoint(CheckpointMode::Restart).value();

    EXPECT_FALSE(passive.complete);
    EXPECT_LT(passive.moved_pages, passive.log_pages);
    EXPECT_FALSE(restart.complete);
  }
  const auto free = writer->checkpoint(CheckpointMode::Restart).value();
  ASSERT_TRUE(writer->run("INSERT INTO item (name) VALUES ('c')"));

  EXPECT_TRUE(free.complete);
  EXPECT_LT(writer->log_pages(), 5);
}

TEST_F(DatabaseTest, RefusesAnotherProgramsFileAndWhatIsNoDatabase) {
  ASSERT_TRUE(Database::open({.path = file(), .application_id = 1, .steps = kSteps}));
  EXPECT_EQ(open().error().code, Code::FailedPrecondition);

  std::ofstream(dir_.path() / "text.db") << std::string(8192, 'x');
  const auto text = Database::open({.path = dir_.path() / "text.db", .steps = kSteps});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::FailedPrecondition);
}

TEST_F(DatabaseTest, ADamagedFileIsNamed) {
  {
    const auto database = open().value();
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(database->run("INSERT INTO item (name, value) VALUES (?, ?)", std::to_string(i),
                                Bytes(2000, 1)));
    }
  }
  std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(4096);
  bytes << std::string(60'000, '\xff');
  bytes.close();

  const auto database = open();
  const auto read = database ? database.value()->run("SELECT sum(length(value)) FROM item")
                             : Result<std::int64_t>(std::unexpected(database.error()));

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::Internal);
  EXPECT_TRUE(read.error().message.contains("damaged")) << read.error().message;
}

TEST(SqliteError, MapsEachKind) {
  const std::pair<int, Code> cases[] = {
      {SQLITE_FULL, Code::OutOfSpace},
      {SQLITE_NOMEM, Code::ResourceExhausted},
      {SQLITE_BUSY_SNAPSHOT, Code::Unavailable},
      {SQLITE_LOCKED, Code::Unavailable},
      {SQLITE_CONSTRAINT_UNIQUE, Code::AlreadyExists},
      {SQLITE_CONSTRAINT_CHECK, Code::FailedPrecondition},
      {SQLITE_CORRUPT_VTAB, Code::Internal},
      {SQLITE_IOERR_FSYNC, Code::Internal},
      {SQLITE_READONLY, Code::PermissionDenied},
      {SQLITE_CANTOPEN, Code::PermissionDenied},
      {SQLITE_TOOBIG, Code::InvalidArgument},
      {SQLITE_INTERRUPT, Code::Cancelled},
      {SQLITE_NOTADB, Code::FailedPrecondition},
  };
  for (const auto& [code, expected] : cases) {
    EXPECT_EQ(sqlite_error(code, "m", "f.db").code, expected) << code;
  }
}

}  // namespace
}  // namespace skrei::db
