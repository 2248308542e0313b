// SPDX-License-Identifier: Apache-2.0
#include "content/embedded/embedded_store.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"
#include "content/testing/conformance.hpp"

namespace skrei::content::embedded {
namespace {

using content::testing::raw_cid;
using ::skrei::testing::TempDir;

/// Options with a disk that is never full, whatever the machine's is.
Options options_for(const std::filesystem::path& folder) {
  return {.folder = folder, .disk_space = [](const auto&) -> Result<DiskSpace> {
            return DiskSpace{1ULL << 40, 1ULL << 40};
          }};
}

/// Keeps alive what a store needs.
struct Owned {
  TempDir dir;
  async::BlockingPool pool{{.threads = 1}};
  std::unique_ptr<EmbeddedStore> store =
      EmbeddedStore::open(options_for(dir.path() / "content"), pool).value();
};

std::shared_ptr<ContentStore> make_store() {
  const auto owned = std::make_shared<Owned>();
  return {owned, owned->store.get()};
}

using content::testing::ContentStoreConformance;
using content::testing::StoreCase;
INSTANTIATE_TEST_SUITE_P(Embedded, ContentStoreConformance,
                         ::testing::Values(StoreCase{"embedded", make_store}),
                         content::testing::store_case_name);

class EmbeddedStoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<EmbeddedStore>> open() { return open(options_for(folder())); }
  Result<std::unique_ptr<EmbeddedStore>> open(const Options& options) {
    return EmbeddedStore::open(options, pool_);
  }
  std::filesystem::path folder() const { return dir_.path() / "content"; }
  std::filesystem::path segment(int number) const {
    return folder() / "segments" / fmt::format("{:08}.seg", number);
  }

  TempDir dir_;
  async::BlockingPool pool_{{.threads = 1}};
};

TEST_F(EmbeddedStoreTest, PinsOfExecutionsEndWithTheStore) {
  const multi::Cid cid = raw_cid("x");
  const Pin user{cid, PinOwner::User};
  const Pin execution{cid, PinOwner::Execution, "e-1"};
  {
    const auto store = open().value();
    ASSERT_TRUE(store->put(cid, as_bytes("x")));
    ASSERT_TRUE(store->pin(execution));
    ASSERT_TRUE(store->pin(user));
    EXPECT_EQ(store->list_pins(cid).value(), (std::vector{user, execution}));
  }

  EXPECT_EQ(open().value()->list_pins(std::nullopt).value(), std::vector{user});
}

TEST_F(EmbeddedStoreTest, EverythingAnsweredForSurvivesARestart) {
  const multi::Cid cid = raw_cid("kept");
  {
    const auto store = open().value();
    const auto batch = store->begin_add().value();
    ASSERT_TRUE(batch->put(cid, as_bytes("kept")));
    ASSERT_TRUE(batch->commit(cid, Pin{cid, PinOwner::User, "", WallTime(Duration(5))}));
  }

  const auto store = open().value();

  EXPECT_EQ(store->get(cid), to_bytes("kept"));
  EXPECT_EQ(store->is_complete(cid), true);
  EXPECT_EQ(store->list_pins(cid)->front().expires_at, WallTime(Duration(5)));
}

TEST_F(EmbeddedStoreTest, ATornTailIsCutOffAndTheStoreGoesOn) {
  ASSERT_TRUE(open().value()->put(raw_cid("first"), as_bytes("first")));
  const auto whole = std::filesystem::file_size(segment(1));
  std::ofstream(segment(1), std::ios::app | std::ios::binary) << "half a record";

  const auto store = open().value();

  EXPECT_EQ(std::filesystem::file_size(segment(1)), whole);
  EXPECT_TRUE(store->put(raw_cid("second"), as_bytes("second")));
  EXPECT_EQ(store->get(raw_cid("first")), to_bytes("first"));
  EXPECT_EQ(store->get(raw_cid("second")), to_bytes("second"));
}

TEST_F(EmbeddedStoreTest, AnUncommittedBatchLeavesNoBlockBehind) {
  {
    const auto store = open().value();
    const auto batch = store->begin_add().value();
    ASSERT_TRUE(batch->put(raw_cid("lost"), as_bytes("lost")));
    ASSERT_TRUE(store->put(raw_cid("kept"), as_bytes("kept")));
  }

  const auto store = open().value();

  EXPECT_EQ(store->has(raw_cid("lost")), false);
  EXPECT_EQ(store->get(raw_cid("kept")), to_bytes("kept"));
}

TEST_F(EmbeddedStoreTest, SegmentsRollOver) {
  Options options = options_for(folder());
  options.segment_roll_bytes = 100;
  {
    const auto store = open(options).value();
    for (int i = 0; i < 10; ++i) {
      const std::string text = fmt::format("block {} {}", i, std::string(50, 'x'));
      ASSERT_TRUE(store->put(raw_cid(text), as_bytes(text)));
    }
  }
  EXPECT_TRUE(std::filesystem::exists(segment(5)));

  const auto store = open(options).value();

  const std::string text = fmt::format("block 3 {}", std::string(50, 'x'));
  EXPECT_EQ(store->get(raw_cid(text)), to_bytes(text));
}

TEST_F(EmbeddedStoreTest, DamagedBytesAreAnErrorNotAnAnswer) {
  const auto store = open().value();
  ASSERT_TRUE(store->put(raw_cid("block"), as_bytes("block")));
  std::fstream file(segment(1), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file << 'X';
  file.close();

  const auto read = store->get(raw_cid("block"));

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::Internal);
  EXPECT_TRUE(read.error().message.contains("damaged"));
}

TEST_F(EmbeddedStoreTest, AMissingOrShortSegmentIsNamed) {
  ASSERT_TRUE(open().value()->put(raw_cid("block"), as_bytes("block")));
  std::filesystem::resize_file(segment(1), 20);
  const auto shorter = open();
  ASSERT_FALSE(shorter);
  EXPECT_EQ(shorter.error().code, Code::Internal);

  std::filesystem::remove(segment(1));
  const auto missing = open();
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().message.contains("00000001.seg")) << missing.error().message;
}

TEST_F(EmbeddedStoreTest, ASecondHolderIsRefused) {
  const auto store = open().value();

  const auto second = open();

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::FailedPrecondition);
  EXPECT_TRUE(second.error().message.contains("in use by process")) << second.error().message;
}

TEST_F(EmbeddedStoreTest, ANewerVersionAndAnotherProgramsFolderAreRefused) {
  ASSERT_TRUE(open());
  std::ofstream(folder() / "version") << "skrei content 2\n";
  EXPECT_TRUE(open().error().message.contains("version 2 is newer"));
  std::ofstream(folder() / "version") << "kubo\n";
  EXPECT_EQ(open().error().code, Code::FailedPrecondition);
}

TEST_F(EmbeddedStoreTest, AddsAreRefusedBelowTheFloorAndReadsGoOn) {
  DiskSpace space{.free_bytes = 100, .total_bytes = 2000};
  Options options{.folder = folder(), .disk_space = [&space](const auto&) -> Result<DiskSpace> {
                    return space;
                  }};
  const auto store = open(options).value();
  ASSERT_TRUE(store->put(raw_cid("a"), as_bytes("a")));  // 5 % of 2000 are free.
  space.free_bytes = 99;

  const auto refused = store->put(raw_cid("b"), as_bytes("b"));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::OutOfSpace);
  EXPECT_TRUE(store->get(raw_cid("a")));
  EXPECT_TRUE(store->pin({.cid = raw_cid("a")}));
}

TEST_F(EmbeddedStoreTest, AWholeDiskIsMeasured) {
  const DiskSpace space = disk_space_of(dir_.path()).value();
  EXPECT_GT(space.total_bytes, space.free_bytes);
}

}  // namespace
}  // namespace skrei::content::embedded
