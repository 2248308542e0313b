// SPDX-License-Identifier: Apache-2.0
#include "content/testing/conformance.hpp"

#include "content/dag_builder.hpp"

namespace skrei::content::testing {

std::string store_case_name(const ::testing::TestParamInfo<StoreCase>& info) {
  return info.param.name;
}

multi::Cid raw_cid(std::string_view text) {
  return multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(as_bytes(text)));
}

Result<void> ContentStoreConformance::ensure(const multi::Cid& root) {
  Result<void> result = fail(Code::Internal, "did not run");
  const auto body = [](ContentStore& store, multi::Cid cid,
                       Result<void>& out) -> async::Task<void> {
    out = co_await store.ensure(std::move(cid), std::chrono::seconds(5), {});
  };
  loop_.run_task(body(*store_, root, result));
  return result;
}

CollectStep collect_all(ContentStore& store, WallTime now) {
  CollectStep all;
  for (int steps = 0; !all.done; ++steps) {
    EXPECT_LT(steps, 10'000);
    const auto step = store.collect(now);
    EXPECT_TRUE(step) << step.error().message;
    if (!step || steps == 10'000) break;
    all.done = step->done;
    all.blocks_removed += step->blocks_removed;
    all.bytes_removed += step->bytes_removed;
    all.bytes_freed += step->bytes_freed;
  }
  return all;
}

TEST_P(ContentStoreConformance, GivesBackWhatWasPut) {
  const multi::Cid cid = raw_cid("block");

  ASSERT_TRUE(store_->put(cid, as_bytes("block")));

  EXPECT_EQ(store_->has(cid), true);
  EXPECT_EQ(store_->size(cid), 5U);
  EXPECT_EQ(store_->get(cid), to_bytes("block"));
  const multi::Cid same_hash = multi::Cid::v1(multi::Codec::DagPb, cid.hash());
  EXPECT_EQ(store_->has(same_hash), true);
}

TEST_P(ContentStoreConformance, KeepsEmptyAndLargestBlocks) {
  const Bytes largest(kBlockSizeMax, 7);
  const auto cid = multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(largest));

  EXPECT_TRUE(store_->put(raw_cid(""), {}));
  EXPECT_TRUE(store_->put(cid, largest));

  EXPECT_EQ(store_->get(raw_cid("")), Bytes());
  EXPECT_EQ(store_->get(cid), largest);
}

TEST_P(ContentStoreConformance, SaysWhatIsNotHere) {
  const multi::Cid cid = raw_cid("missing");

  EXPECT_EQ(store_->has(cid), false);
  EXPECT_EQ(store_->size(cid).error().code, Code::NotFound);
  EXPECT_EQ(store_->get(cid).error().code, Code::NotFound);
  EXPECT_TRUE(store_->get(cid).error().message.contains(cid.to_string()));
  EXPECT_EQ(store_->pin({.cid = cid}).error().code, Code::NotFound);
  EXPECT_EQ(store_->mark_complete(cid).error().code, Code::NotFound);
}

TEST_P(ContentStoreConformance, RefusesBytesThatDoNotFit) {
  EXPECT_EQ(store_->put(raw_cid("a"), as_bytes("b")).error().code, Code::InvalidArgument);
  const Bytes large(kBlockSizeMax + 1, 7);
  const auto cid = multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(large));
  EXPECT_EQ(store_->put(cid, large).error().code, Code::InvalidArgument);
}

TEST_P(ContentStoreConformance, ABatchIsSeenOnceCommitted) {
  const multi::Cid cid = raw_cid("x");
  {
    const auto dropped = store_->begin_add().value();
    ASSERT_TRUE(dropped->put(cid, as_bytes("x")));
  }
  EXPECT_EQ(store_->has(cid), false);

  const auto batch = store_->begin_add().value();
  ASSERT_TRUE(batch->put(cid, as_bytes("x")));
  ASSERT_TRUE(batch->put(cid, as_bytes("x")));
  EXPECT_EQ(store_->has(cid), false);
  ASSERT_TRUE(batch->commit(cid, Pin{cid, PinOwner::JobResult, "j-1"}));

  EXPECT_EQ(store_->has(cid), true);
  EXPECT_EQ(store_->is_complete(cid), true);
  EXPECT_EQ(store_->list_pins(cid)->size(), 1U);
}

TEST_P(ContentStoreConformance, PinsAreKeyedByCidOwnerAndId) {
  const multi::Cid a = raw_cid("a");
  const multi::Cid b = raw_cid("b");
  ASSERT_TRUE(store_->put(a, as_bytes("a")));
  ASSERT_TRUE(store_->put(b, as_bytes("b")));
  const WallTime later(std::chrono::hours(1));
  const Pin user{a};
  const Pin job{a, PinOwner::JobResult, "j-1"};
  const Pin other{b, PinOwner::JobResult, "j-1", later};
  for (const Pin& pin : {user, job, other, user})
    ASSERT_TRUE(store_->pin(pin));

  EXPECT_EQ(store_->list_pins(a), (std::vector<Pin>{user, job}));
  EXPECT_EQ(store_->list_pins(b), std::vector<Pin>{other});
  ASSERT_TRUE(store_->pin({b, PinOwner::JobResult, "j-1"}));
  EXPECT_FALSE(store_->list_pins(b)->front().expires_at.has_value());
  ASSERT_TRUE(store_->unpin_all(PinOwner::JobResult, "j-1"));
  EXPECT_EQ(store_->list_pins(std::nullopt), std::vector<Pin>{user});
  ASSERT_TRUE(store_->unpin(a, PinOwner::User, ""));
  ASSERT_TRUE(store_->unpin(a, PinOwner::User, ""));
  EXPECT_TRUE(store_->list_pins(std::nullopt)->empty());
}

TEST_P(ContentStoreConformance, CollectionTakesWhatNoPinReachesAndLeavesTheRestWhole) {
  const auto add_folder = [&](const std::string& text, const std::optional<Pin>& pin) {
    const auto batch = store_->begin_add().value();
    FileBuilder file(kUnixFsV1, *batch);
    EXPECT_TRUE(file.write(as_bytes(text)));
    FileBuilder shared(kUnixFsV1, *batch);
    EXPECT_TRUE(shared.write(as_bytes("in both")));
    const DagLink leaf = file.finish().value();
    const DagLink root =
        build_folder(kUnixFsV1, *batch, {{"own", leaf}, {"shared", shared.finish().value()}})
            .value();
    std::optional<Pin> own = pin;
    if (own) own->cid = root.cid;
    EXPECT_TRUE(batch->commit(root.cid, own));
    return root.cid;
  };
  const multi::Cid kept = add_folder("kept", Pin{raw_cid("")});
  const multi::Cid gone = add_folder("gone", std::nullopt);
  const multi::Cid lent = add_folder("lent", Pin{raw_cid(""), PinOwner::JobResult, "j-1"});
  collect_all(*store_);
  ASSERT_TRUE(store_->unpin_all(PinOwner::JobResult, "j-1"));

  collect_all(*store_);

  EXPECT_TRUE(ensure(kept));
  EXPECT_EQ(store_->is_complete(kept), true);
  EXPECT_EQ(store_->has(raw_cid("in both")), true);
  for (const multi::Cid& cid : {gone, lent, raw_cid("gone"), raw_cid("lent")})
    EXPECT_EQ(store_->has(cid), false) << cid.to_string();
  EXPECT_EQ(store_->is_complete(gone), false);
  EXPECT_EQ(store_->is_complete(lent), false);
  EXPECT_TRUE(collect_all(*store_).done);
}

TEST_P(ContentStoreConformance, CollectionEndsPinsWhoseTimeIsOver) {
  ASSERT_TRUE(store_->put(raw_cid("a"), as_bytes("a")));
  ASSERT_TRUE(store_->pin({raw_cid("a"), PinOwner::Fetch, "x", WallTime(std::chrono::hours(1))}));
  collect_all(*store_, WallTime(std::chrono::minutes(59)));
  collect_all(*store_, WallTime(std::chrono::minutes(59)));
  EXPECT_EQ(store_->has(raw_cid("a")), true);

  collect_all(*store_, WallTime(std::chrono::hours(1)));

  EXPECT_EQ(store_->has(raw_cid("a")), false);
  EXPECT_TRUE(store_->list_pins(std::nullopt)->empty());
}

TEST_P(ContentStoreConformance, EnsureFindsWholeTreesAndNamesWhatIsMissing) {
  const auto batch = store_->begin_add().value();
  FileBuilder file(kUnixFsV1, *batch);
  ASSERT_TRUE(file.write(as_bytes("content")));
  const DagLink leaf = file.finish().value();
  const DagLink folder = build_folder(kUnixFsV1, *batch, {{"f", leaf}}).value();
  ASSERT_TRUE(batch->commit(std::nullopt, std::nullopt));
  const DagLink absent{raw_cid("absent"), 6, 6};
  const auto second = store_->begin_add().value();
  const DagLink broken = build_folder(kUnixFsV1, *second, {{"f", absent}}).value();
  ASSERT_TRUE(second->commit(std::nullopt, std::nullopt));

  EXPECT_EQ(store_->is_complete(folder.cid), false);
  EXPECT_TRUE(ensure(folder.cid));
  EXPECT_EQ(store_->is_complete(folder.cid), true);
  EXPECT_TRUE(ensure(folder.cid));
  const Result<void> missing = ensure(broken.cid);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::NotFound);
  EXPECT_TRUE(missing.error().message.contains(absent.cid.to_string())) << missing.error().message;
  EXPECT_EQ(store_->is_complete(broken.cid), false);
}

}  // namespace skrei::content::testing
