// SPDX-License-Identifier: Apache-2.0
#include "jobstore/sqlite/sqlite_job_store.hpp"

#include <limits>

#include <sqlite3.h>

#include "jobstore/testing/job_store_conformance.hpp"

namespace skrei::jobstore::testing {
namespace {

std::unique_ptr<JobStore> open(async::Loop& loop, const Clock& clock,
                               const std::filesystem::path& folder) {
  auto store = sqlite::SqliteJobStore::open(loop, clock,
                                            {.folder = folder, .on_fatal = [](const Error& error) {
                                               ADD_FAILURE() << error.message;
                                             }});
  EXPECT_TRUE(store) << store.error().message;
  return store ? *std::move(store) : nullptr;
}

INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreConformance,
                         ::testing::Values(Driver{"sqlite", open, /*durable=*/true}));

TEST(SqliteJobStore, BelowTheFloorNewWorkIsRefusedWithASentence) {
  const skrei::testing::TempDir folder;
  const skrei::testing::ManualClock clock;
  async::Loop loop;
  DiskSpace space{.free_bytes = 50, .total_bytes = 1000};
  auto store =
      sqlite::SqliteJobStore::open(loop, clock,
                                   {.folder = folder.path(),
                                    .free_bytes_floor = std::numeric_limits<std::uint64_t>::max(),
                                    .disk_space = [&space](const auto&) -> Result<DiskSpace> {
                                      return space;
                                    }});
  EXPECT_TRUE((*store)->has_room()) << "5 % of the disk are free";
  space.free_bytes = 49;

  const Result<void> room = (*store)->has_room();
  EXPECT_EQ(room.error().code, Code::OutOfSpace);
  EXPECT_NE(room.error().message.find(folder.path().native()), std::string::npos);
  loop.run_task((*store)->stop());
}

TEST(SqliteJobStore, AGroupThatCannotBeWrittenIsFatalAndUnanswered) {
  const skrei::testing::TempDir folder;
  const skrei::testing::ManualClock clock;
  async::Loop loop;
  std::optional<Error> fatal;
  auto store = sqlite::SqliteJobStore::open(
      loop, clock, {.folder = folder.path(), .on_fatal = [&](const Error& error) {
                      fatal = error;
                    }});
  ASSERT_TRUE(store);
  {
    sqlite3* other = nullptr;
    ASSERT_EQ(::sqlite3_open((folder.path() / "jobs.db").c_str(), &other), SQLITE_OK);
    ASSERT_EQ(::sqlite3_exec(other, "DROP TABLE hosted", nullptr, nullptr, nullptr), SQLITE_OK);
    ::sqlite3_close(other);
  }

  bool answered = false;
  (*store)->commit({protocol::RemoveHosted{ExecutionId("e-1")}}, [&] { answered = true; });
  loop.run_task((*store)->stop());
  (*store)->commit({}, [&] { answered = true; });
  loop.run_task((*store)->stop());

  ASSERT_TRUE(fatal);
  EXPECT_NE(fatal->message.find("hosted"), std::string::npos);
  EXPECT_FALSE(answered);
}

TEST(SqliteJobStore, RefusesAStoreOfANewerVersion) {
  const skrei::testing::TempDir folder;
  const skrei::testing::ManualClock clock;
  async::Loop loop;
  {
    auto store = sqlite::SqliteJobStore::open(loop, clock, {.folder = folder.path()});
    ASSERT_TRUE(store);
    loop.run_task((*store)->stop());
  }
  sqlite3* other = nullptr;
  ASSERT_EQ(::sqlite3_open((folder.path() / "jobs.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(::sqlite3_exec(other, "PRAGMA user_version = 99", nullptr, nullptr, nullptr),
            SQLITE_OK);
  ::sqlite3_close(other);

  const auto store = sqlite::SqliteJobStore::open(loop, clock, {.folder = folder.path()});

  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::FailedPrecondition);
}

}  // namespace
}  // namespace skrei::jobstore::testing
