// SPDX-License-Identifier: Apache-2.0
#include "content/embedded/collector.hpp"

#include <set>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/testing/temp_dir.hpp"
#include "content/dag_builder.hpp"
#include "content/dag_walk.hpp"
#include "content/embedded/embedded_store.hpp"
#include "content/testing/conformance.hpp"

namespace skrei::content::embedded {
namespace {

using content::testing::collect_all;
using content::testing::raw_cid;

/// A store whose segments are so small that collection has something to compact.
class CollectorTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }

  void reopen() {
    store_.reset();
    auto store = EmbeddedStore::open({.folder = dir_.path() / "content",
                                      .segment_roll_bytes = 2000,
                                      .disk_space = [](const auto&) -> Result<DiskSpace> {
                                        return DiskSpace{1ULL << 40, 1ULL << 40};
                                      }},
                                     pool_);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }

  multi::Cid put(const std::string& text) {
    EXPECT_TRUE(store_->put(raw_cid(text), as_bytes(text)));
    return raw_cid(text);
  }

  /// A folder of one file; pinned for `job` unless that is empty.
  multi::Cid add_folder(const std::string& text, const std::string& job) {
    const auto batch = store_->begin_add().value();
    FileBuilder file(kUnixFsV1, *batch);
    EXPECT_TRUE(file.write(as_bytes(text)));
    const DagLink root = build_folder(kUnixFsV1, *batch, {{"f", file.finish().value()}}).value();
    std::optional<Pin> pin;
    if (!job.empty()) pin = Pin{root.cid, PinOwner::JobResult, job};
    EXPECT_TRUE(batch->commit(root.cid, pin));
    return root.cid;
  }

  bool has(const multi::Cid& cid) { return store_->has(cid).value(); }
  bool is_whole(const multi::Cid& root) { return walk_dag(*store_, root, {}).has_value(); }

  std::uint64_t segment_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(dir_.path() / "content" / "segments"))
      bytes += entry.file_size();
    return bytes;
  }

  skrei::testing::TempDir dir_;
  async::BlockingPool pool_{{.threads = 1}};
  std::unique_ptr<EmbeddedStore> store_;
};

TEST_F(CollectorTest, WhatIsWrittenOrPutAgainSinceTheMarkStays) {
  const multi::Cid again = put("put again");
  const multi::Cid gone = put("gone");
  const multi::Cid open = put("put by an open batch");

  EXPECT_FALSE(store_->collect({})->done);
  put("put again");
  const multi::Cid fresh = put("fresh");
  auto batch = store_->begin_add().value();
  ASSERT_TRUE(batch->put(open, as_bytes("put by an open batch")));
  collect_all(*store_);

  EXPECT_FALSE(has(gone));
  EXPECT_TRUE(has(again));
  EXPECT_TRUE(has(fresh));
  ASSERT_TRUE(has(open));
  ASSERT_TRUE(batch->commit(open, Pin{open}));
  collect_all(*store_);
  collect_all(*store_);
  EXPECT_FALSE(has(fresh));
  EXPECT_TRUE(has(open));
}

TEST_F(CollectorTest, ARootThatIsPinnedWhileACycleRunsStaysWhole) {
  for (int when = 0; when < 12; ++when) {
    SCOPED_TRACE(when);
    const multi::Cid root = add_folder(fmt::format("pinned in time {}", when), "");
    collect_all(*store_);
    put(fmt::format("garbage {}", when));
    for (int step = 0; step < when; ++step)
      ASSERT_TRUE(store_->collect({}));
    if (!has(root)) break;  // It went; from here on pin() says so.

    const bool whole = is_whole(root);
    ASSERT_TRUE(store_->pin({root}));
    collect_all(*store_);
    collect_all(*store_);

    EXPECT_TRUE(has(root));
    if (whole) EXPECT_TRUE(is_whole(root));
    if (store_->is_complete(root).value()) EXPECT_TRUE(is_whole(root));
  }
}

TEST_F(CollectorTest, ARawAndADagPbCidOfEqualBytesAreOneBlock) {
  const multi::Cid root = add_folder("below", "j-1");
  const multi::Cid raw = multi::Cid::v1(multi::Codec::Raw, root.hash());
  ASSERT_TRUE(store_->pin({raw}));
  collect_all(*store_);
  EXPECT_TRUE(is_whole(root));

  ASSERT_TRUE(store_->unpin_all(PinOwner::JobResult, "j-1"));
  collect_all(*store_);

  EXPECT_TRUE(has(raw));
  EXPECT_FALSE(has(raw_cid("below")));
  EXPECT_EQ(store_->is_complete(root), false);
}

TEST_F(CollectorTest, SegmentsUnderHalfLiveAreCompactedAndTheirFilesGo) {
  std::vector<multi::Cid> kept;
  for (int i = 0; i < 200; ++i) {
    const multi::Cid cid = put(fmt::format("block {} {}", i, std::string(100, 'x')));
    if (i % 8 != 0) continue;
    ASSERT_TRUE(store_->pin({cid}));
    kept.push_back(cid);
  }
  const std::uint64_t before = segment_bytes();

  const CollectStep collected = collect_all(*store_);

  EXPECT_GE(collected.blocks_removed, 170U);
  EXPECT_LT(segment_bytes(), before / 3);
  EXPECT_GT(collected.bytes_freed, before / 2);
  for (const multi::Cid& cid : kept)
    EXPECT_TRUE(store_->get(cid)) << cid.to_string();
  reopen();
  for (const multi::Cid& cid : kept)
    EXPECT_TRUE(store_->get(cid)) << cid.to_string();
}

TEST_F(CollectorTest, ASegmentWithBytesOfAnOpenBatchStays) {
  auto batch = store_->begin_add().value();
  ASSERT_TRUE(batch->put(raw_cid("early"), as_bytes("early")));
  for (int i = 0; i < 60; ++i)
    put(fmt::format("garbage {} {}", i, std::string(100, 'x')));
  collect_all(*store_);
  put("more");
  collect_all(*store_);

  ASSERT_TRUE(batch->commit(std::nullopt, Pin{raw_cid("early")}));

  EXPECT_EQ(store_->get(raw_cid("early")), to_bytes("early"));
  batch.reset();
  reopen();
  EXPECT_EQ(store_->get(raw_cid("early")), to_bytes("early"));
}

TEST_F(CollectorTest, NothingIsSweptWithoutKnowingWhatAPinnedNodeLinksTo) {
  const multi::Cid root = add_folder("below", "j-1");
  put("garbage");
  // Damage the whole segment.
  {
    const auto path = dir_.path() / "content" / "segments" / "00000001.seg";
    const auto size = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, 20);
    std::filesystem::resize_file(path, size);
  }

  Result<CollectStep> step = store_->collect({});
  for (int i = 0; i < 100 && step && !step->done; ++i)
    step = store_->collect({});

  ASSERT_FALSE(step);
  EXPECT_TRUE(step.error().message.contains("damaged")) << step.error().message;
  EXPECT_TRUE(has(root));
  EXPECT_TRUE(has(raw_cid("garbage")));
}

TEST_F(CollectorTest, AnIdleStoreDoesNothing) {
  add_folder("kept", "j-1");
  collect_all(*store_);

  const auto step = store_->collect({});

  EXPECT_TRUE(step->done);
}

/// Whatever happens in whatever order, between steps and across restarts: what is pinned is whole,
/// what is called complete is whole, and what nobody pins goes.
TEST_F(CollectorTest, PinnedAndCompleteRootsAreWholeAfterAnySequence) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    std::set<multi::Cid> roots;
    std::map<std::string, multi::Cid> jobs;
    for (int turn = 0; turn < 100; ++turn) {
      const std::string job = fmt::format("j-{}-{}", seed, random.next_u64() % 12);
      switch (random.next_u64() % 8) {
        case 0:
        case 1: {
          if (jobs.contains(job)) break;
          const auto root = add_folder(fmt::format("{}", random.next_u64() % 6), job);
          roots.insert(root);
          jobs.emplace(job, root);
          break;
        }
        case 2:
          ASSERT_TRUE(store_->unpin_all(PinOwner::JobResult, job));
          jobs.erase(job);
          break;
        case 3:
          roots.insert(add_folder(fmt::format("{}", random.next_u64() % 6), ""));
          break;
        case 4:
          if (random.next_u64() % 10 == 0) reopen();
          break;
        default:
          ASSERT_TRUE(store_->collect({}));
      }
      for (const auto& [name, root] : jobs)
        ASSERT_TRUE(is_whole(root)) << name << " after turn " << turn;
      for (const multi::Cid& root : roots) {
        if (store_->is_complete(root).value()) ASSERT_TRUE(is_whole(root)) << "turn " << turn;
      }
    }
    for (const auto& [name, root] : jobs)
      ASSERT_TRUE(store_->unpin_all(PinOwner::JobResult, name));
    for (int i = 0; i < 3; ++i) {
      put(fmt::format("garbage {} {}", seed, i));
      collect_all(*store_);
    }
    for (const multi::Cid& root : roots)
      EXPECT_FALSE(has(root));
  }
}

}  // namespace
}  // namespace skrei::content::embedded
