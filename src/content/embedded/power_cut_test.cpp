// SPDX-License-Identifier: Apache-2.0
// The power goes at a seeded point while content is added, pinned, collected and compacted; what
// was acknowledged must be there and whole, byte for byte.
#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"
#include "content/dag_builder.hpp"
#include "content/dag_walk.hpp"
#include "content/embedded/embedded_store.hpp"
#include "content/testing/conformance.hpp"
#include "db/testing/power_cut_disk.hpp"

namespace skrei::content::embedded {
namespace {

using content::testing::raw_cid;
using db::testing::pick;
using db::testing::PowerCutDisk;

class ContentOnADisk : public ::testing::Test {
 protected:
  Result<std::unique_ptr<EmbeddedStore>> open(PowerCutDisk& disk) {
    return EmbeddedStore::open({.folder = dir_.path() / "content",
                                .segment_roll_bytes = 8000,
                                .disk_space = [](const auto&) -> Result<DiskSpace> {
                                  return DiskSpace{1ULL << 40, 1ULL << 40};
                                },
                                .on_fatal = [this](const Error& e) { fatal_.push_back(e); },
                                .medium = disk.medium()},
                               pool_);
  }

  skrei::testing::TempDir dir_;  // Of the lock and the version file; the rest is on the disk.
  async::BlockingPool pool_{{.threads = 1}};
  std::vector<Error> fatal_;
};

/// A folder of one file, pinned for `job`; its root.
Result<multi::Cid> add_folder(EmbeddedStore& store, const std::string& text,
                              const std::string& job) {
  TRY_ASSIGN(const auto batch, store.begin_add());
  FileBuilder file(kUnixFsV1, *batch);
  TRY(file.write(as_bytes(text)));
  TRY_ASSIGN(const DagLink link, file.finish());
  TRY_ASSIGN(const DagLink root, build_folder(kUnixFsV1, *batch, {{"f", link}}));
  TRY(batch->commit(root.cid, Pin{root.cid, PinOwner::JobResult, job}));
  return root.cid;
}

/// What was acknowledged, and what a cut may have left done or undone.
struct Expected {
  std::map<std::string, multi::Cid> pinned;  ///< By job.
  std::optional<std::string> on_its_way;     ///< The job that was being pinned or unpinned.
  int jobs = 0;
};

class ContentPowerCut : public ContentOnADisk {
 protected:
  /// One change; false when the disk is gone.
  bool change(EmbeddedStore& store, Random& random, Expected& expected) {
    switch (pick(random, 4)) {
      case 0: {
        if (expected.pinned.empty()) return true;
        auto pin = expected.pinned.begin();
        std::advance(pin, pick(random, expected.pinned.size()));
        expected.on_its_way = pin->first;
        if (!store.unpin_all(PinOwner::JobResult, pin->first)) return false;
        expected.pinned.erase(pin);
        break;
      }
      case 1:
        return store.collect(WallTime(std::chrono::seconds(1))).has_value();
      default: {
        const std::string job = fmt::format("j-{}", ++expected.jobs);
        std::string text(200 + pick(random, 3000), 'x');
        for (char& c : text)
          c = static_cast<char>('a' + pick(random, 26));
        expected.on_its_way = job;
        const auto root = add_folder(store, text, job);
        if (!root) return false;
        expected.pinned.emplace(job, *root);
      }
    }
    expected.on_its_way.reset();
    return true;
  }

  void live(PowerCutDisk& disk, Random& random, Expected& expected) {
    const auto store = open(disk);
    if (!store) return;
    for (int i = 0; i < 40; ++i)
      if (!change(**store, random, expected)) return;
  }

  std::string check(PowerCutDisk& disk, Expected& expected) {
    const auto store = open(disk);
    if (!store) return store.error().message;
    const auto pins = (*store)->list_pins({});
    if (!pins) return pins.error().message;
    std::map<std::string, multi::Cid> found;
    for (const Pin& pin : *pins) {
      found.emplace(pin.owner_id, pin.cid);
      const auto size = walk_dag(**store, pin.cid, {});
      if (!size) return size.error().message;
    }
    const auto on_its_way = std::exchange(expected.on_its_way, {});
    std::map<std::string, multi::Cid> known = expected.pinned;
    expected.pinned = found;
    if (on_its_way) {
      found.erase(*on_its_way);
      known.erase(*on_its_way);
    }
    return found == known ? "" : "the pins are not those that were acknowledged";
  }
};

TEST_F(ContentPowerCut, LosesNothingAcknowledged) {
  for (std::uint64_t seed = 0; seed < 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SeededRandom random(seed);
    PowerCutDisk disk(seed);
    Expected expected;
    for (int cut = 0; cut < 2; ++cut) {
      disk.cut_at(1 + pick(random, 250));
      live(disk, random, expected);
      disk.cut();
      disk.boot();
      EXPECT_EQ(check(disk, expected), "");
    }
  }
}

TEST_F(ContentPowerCut, WithoutSyncsTheSameTestFindsALoss) {
  int losses = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SeededRandom random(seed);
    PowerCutDisk disk(seed, PowerCutDisk::Syncs::Ignored);
    Expected expected;
    live(disk, random, expected);
    disk.cut();
    disk.boot();
    losses += check(disk, expected).empty() ? 0 : 1;
  }
  EXPECT_GE(losses, 5);
}

TEST_F(ContentOnADisk, AFailedSyncIsFatalAndNeverTriedAgain) {
  PowerCutDisk disk(1);
  {
    const auto store = open(disk).value();
    const auto batch = store->begin_add().value();
    ASSERT_TRUE(batch->put(raw_cid("one"), as_bytes("one")));
    disk.fail_from(PowerCutDisk::Call::Sync, 1);
    ASSERT_FALSE(store->put(raw_cid("two"), as_bytes("two")));
    ASSERT_EQ(fatal_.size(), 1U);
    EXPECT_TRUE(fatal_[0].message.contains("could not be synced")) << fatal_[0].message;
    disk.heal();

    // The disk would sync again, but the bytes of "one" may be gone.
    EXPECT_FALSE(batch->commit({}, {}));
    EXPECT_FALSE(store->put(raw_cid("three"), as_bytes("three")));
  }
  disk.cut();
  disk.boot();
  const auto store = open(disk).value();
  for (const char* text : {"one", "two", "three"})
    EXPECT_FALSE(store->has(raw_cid(text)).value()) << text;
}

TEST_F(ContentOnADisk, GoesOnAfterTheDiskWasFullWhileASegmentWasMade) {
  PowerCutDisk disk(1);
  const auto store = open(disk).value();
  const std::string large(9000, 'x');
  ASSERT_TRUE(store->put(raw_cid(large), as_bytes(large)));
  disk.fail_from(PowerCutDisk::Call::Write, 1);
  EXPECT_EQ(store->put(raw_cid("next"), as_bytes("next")).error().code, Code::OutOfSpace);
  disk.heal();

  const auto put = store->put(raw_cid("next"), as_bytes("next"));

  ASSERT_TRUE(put) << put.error().message;
  EXPECT_TRUE(fatal_.empty());
  EXPECT_EQ(as_chars(store->get(raw_cid("next")).value()), "next");
}

TEST_F(ContentOnADisk, RefusesASegmentOfANewerVersionAndLeavesItAsItIs) {
  PowerCutDisk disk(1);
  ASSERT_TRUE(open(disk).value()->put(raw_cid("one"), as_bytes("one")));
  const auto segment = dir_.path() / "content/segments/00000001.seg";
  const auto file = disk.open(segment, FileSystem::Open::Existing).value();
  ASSERT_TRUE(file->write_at(as_bytes("SKRSEG02"), 0));
  const std::int64_t size = file->size().value();

  const auto store = open(disk);

  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::FailedPrecondition);
  EXPECT_TRUE(store.error().message.contains("00000001.seg has version 2, newer than the 1"))
      << store.error().message;
  EXPECT_FALSE(store.error().hint.empty());
  EXPECT_EQ(file->size().value(), size);
}

}  // namespace
}  // namespace skrei::content::embedded
