// SPDX-License-Identifier: Apache-2.0
// What a database keeps when the power goes: at any moment of its making, of a migration, of a
// copy. The disk that does it is tested here as well.
#include <algorithm>

#include <gtest/gtest.h>

#include "db/database.hpp"
#include "db/testing/power_cut_disk.hpp"

namespace skrei::db {
namespace {

using testing::PowerCutDisk;

constexpr std::int32_t kApplication = 0x534b0002;
constexpr std::string_view kFile = "/disk/test.db";
constexpr std::string_view kSteps[] = {
    "CREATE TABLE item (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL)",
    "ALTER TABLE item ADD COLUMN twice INTEGER; UPDATE item SET twice = 2 * value",
    "CREATE TABLE sum (of INTEGER NOT NULL); INSERT INTO sum SELECT sum(value) FROM item",
};

Result<std::unique_ptr<Database>> open(PowerCutDisk& disk, std::size_t versions,
                                       std::string_view file = kFile) {
  return Database::open({.path = file,
                         .application_id = kApplication,
                         .steps = std::span(kSteps).first(versions),
                         .medium = disk.medium()});
}

std::int64_t number(Database& database, std::string_view sql) {
  auto statement = database.statement(sql);
  EXPECT_TRUE(statement) << statement.error().message;
  if (!statement) return -1;
  const auto row = statement->step();
  EXPECT_TRUE(row) << row.error().message;
  return row && *row ? statement->integer(0) : -1;
}

std::string integrity(Database& database) {
  auto statement = database.statement("PRAGMA integrity_check").value();
  if (const auto row = statement.step(); !row) return row.error().message;
  return statement.text(0);
}

TEST(PowerCutDisk, KeepsWhatWasSyncedAndOfTheRestAnyPart) {
  bool lost = false;
  bool kept = false;
  bool torn = false;
  bool reordered = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    PowerCutDisk disk(seed);
    {
      const auto file = disk.open("/disk/a", FileSystem::Open::Create).value();
      ASSERT_TRUE(file->write_at(Bytes(2048, 'a'), 0));
      ASSERT_TRUE(file->sync());
      ASSERT_TRUE(disk.sync_folder("/disk"));
      ASSERT_TRUE(file->write_at(Bytes(1024, 'b'), 0));
      ASSERT_TRUE(file->write_at(Bytes(1024, 'c'), 1024));
      disk.cut();
      EXPECT_FALSE(file->sync());
    }
    EXPECT_FALSE(disk.open("/disk/a", FileSystem::Open::Existing));
    disk.boot();

    const auto file = disk.open("/disk/a", FileSystem::Open::Existing).value();
    Bytes bytes(4096);
    ASSERT_EQ(file->read_at(bytes, 0).value(), 2048U);
    bytes.resize(2048);
    const auto first = std::ranges::count(bytes, 'b');
    const auto second = std::ranges::count(bytes, 'c');
    EXPECT_EQ(first + second + std::ranges::count(bytes, 'a'), 2048);
    lost |= first + second == 0;
    kept |= first + second == 2048;
    torn |= first % 512 != 0;
    reordered |= first < 1024 && second > 0;
  }
  EXPECT_TRUE(lost && kept && torn && reordered);
}

TEST(PowerCutDisk, AnUnsyncedEntryOfAFolderMayBeGoneOrStay) {
  int kept = 0;
  int renamed = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    PowerCutDisk disk(seed);
    ASSERT_TRUE(disk.open("/disk/old", FileSystem::Open::Create).value()->sync());
    ASSERT_TRUE(disk.sync_folder("/disk"));
    ASSERT_TRUE(disk.open("/disk/new", FileSystem::Open::Create).value()->sync());
    ASSERT_TRUE(disk.rename("/disk/old", "/disk/moved"));
    disk.cut();
    disk.boot();

    const auto names = disk.list("/disk").value();
    kept += std::ranges::count(names, "new") > 0 ? 1 : 0;
    const auto moved = std::ranges::count(names, "moved");
    renamed += moved > 0 ? 1 : 0;
    EXPECT_EQ(moved + std::ranges::count(names, "old"), 1);
  }
  EXPECT_GT(kept, 10);
  EXPECT_LT(kept, 90);
  EXPECT_GT(renamed, 10);
  EXPECT_LT(renamed, 90);
}

TEST(PowerCutDisk, WhatAFailedSyncCoveredIsNotSavedByTheNext) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PowerCutDisk disk(seed);
    {
      const auto file = disk.open("/disk/a", FileSystem::Open::Create).value();
      ASSERT_TRUE(file->sync() && disk.sync_folder("/disk"));
      ASSERT_TRUE(file->write_at(Bytes(512, 'x'), 0));
      disk.fail_from(PowerCutDisk::Call::Sync, 1);
      ASSERT_FALSE(file->sync());
      disk.heal();
      ASSERT_TRUE(file->sync());
    }
    disk.cut();
    disk.boot();
    const auto file = disk.open("/disk/a", FileSystem::Open::Existing).value();
    lost += file->size().value() < 512 ? 1 : 0;
  }
  EXPECT_GT(lost, 10);
}

/// Opens with `versions`, adds and changes rows, each acknowledged one by one in `acknowledged`.
void live(PowerCutDisk& disk, std::size_t versions, std::int64_t& acknowledged) {
  const auto database = open(disk, versions);
  if (!database) return;
  for (int i = 0; i < 12; ++i) {
    if (!(*database)->run("INSERT INTO item (name, value) VALUES (?, ?)",
                          std::to_string(acknowledged + 1), acknowledged + 1)) {
      return;
    }
    ++acknowledged;
    if (i % 5 == 4 && !(*database)->checkpoint()) return;
  }
}

/// Rows are written one by one from 1: `acknowledged` of them, or one more that was on its way.
void expect_all_there(Database& database, std::int64_t& acknowledged) {
  EXPECT_EQ(integrity(database), "ok");
  const std::int64_t rows = number(database, "SELECT count(*) FROM item");
  EXPECT_EQ(number(database, "SELECT ifnull(max(value), 0) FROM item"), rows);
  EXPECT_GE(rows, acknowledged);
  EXPECT_LE(rows, acknowledged + 1);
  acknowledged = rows;
}

TEST(DatabasePowerCut, LosesNoAcknowledgedRowWhileItIsMadeUsedAndReopened) {
  for (std::uint64_t seed = 0; seed < 150 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SeededRandom random(seed);
    PowerCutDisk disk(seed);
    std::int64_t acknowledged = 0;
    for (int life = 0; life < 3; ++life) {
      disk.cut_at(1 + testing::pick(random, 80));
      live(disk, 1, acknowledged);
      disk.cut();
      disk.boot();
    }

    const auto database = open(disk, 1);
    ASSERT_TRUE(database) << database.error().message;
    expect_all_there(**database, acknowledged);
  }
}

TEST(DatabasePowerCut, AMigrationIsWholeOrNotThereAndItsCopyIsWhole) {
  int migrated = 0;
  for (std::uint64_t seed = 0; seed < 150 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SeededRandom random(seed);
    PowerCutDisk disk(seed);
    std::int64_t rows = 0;
    live(disk, 1, rows);
    ASSERT_EQ(rows, 12);
    disk.cut_at(1 + testing::pick(random, 40));
    static_cast<void>(open(disk, 3));
    disk.cut();
    disk.boot();

    // Without the steps nothing is migrated, so this shows what the cut left.
    const auto old = open(disk, 1);
    if (old) {
      expect_all_there(**old, rows);
    } else {
      ++migrated;
      EXPECT_TRUE(old.error().message.contains("version 3 is newer")) << old.error().message;
      const auto copy = open(disk, 1, "/disk/test.db.v1-backup");
      ASSERT_TRUE(copy) << copy.error().message;
      expect_all_there(**copy, rows);
    }
    const auto database = open(disk, 3);
    ASSERT_TRUE(database) << database.error().message;
    expect_all_there(**database, rows);
    EXPECT_EQ(number(**database, "SELECT count(*) FROM item WHERE twice <> 2 * value"), 0);
    EXPECT_EQ(number(**database, "SELECT of FROM sum"), 78);
  }
  EXPECT_GT(migrated, 10);
  EXPECT_LT(migrated, 140);
}

TEST(DatabasePowerCut, ACopyReplacesItsTargetWholeOrNotAtAll) {
  for (std::uint64_t seed = 0; seed < 100 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SeededRandom random(seed);
    PowerCutDisk disk(seed);
    bool done = false;
    {
      const auto database = open(disk, 1).value();
      ASSERT_TRUE(database->copy_to("/disk/copy"));
      ASSERT_TRUE(database->run("INSERT INTO item VALUES ('a', 1)"));
      disk.cut_at(1 + testing::pick(random, 12));
      done = database->copy_to("/disk/copy").has_value();
    }
    disk.cut();
    disk.boot();

    const auto copy = open(disk, 1, "/disk/copy");
    ASSERT_TRUE(copy) << copy.error().message;
    EXPECT_EQ(integrity(**copy), "ok");
    const std::int64_t rows = number(**copy, "SELECT count(*) FROM item");
    EXPECT_TRUE(rows == 1 || (rows == 0 && !done));
  }
}

TEST(DatabasePowerCut, WithoutSyncsTheseTestsFindALoss) {
  int losses = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PowerCutDisk disk(seed, PowerCutDisk::Syncs::Ignored);
    std::int64_t acknowledged = 0;
    live(disk, 1, acknowledged);
    disk.cut();
    disk.boot();

    const auto database = open(disk, 1);
    const bool whole = database && integrity(**database) == "ok" &&
                       number(**database, "SELECT count(*) FROM item") >= acknowledged;
    losses += whole ? 0 : 1;
  }
  EXPECT_GT(losses, 10);
}

}  // namespace
}  // namespace skrei::db
