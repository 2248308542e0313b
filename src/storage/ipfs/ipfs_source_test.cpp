// SPDX-License-Identifier: Apache-2.0
#include "storage/ipfs/ipfs_source.hpp"

#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "async/scope.hpp"
#include "content/dag_builder.hpp"
#include "model/storage_params.hpp"
#include "storage/testing/conformance.hpp"

namespace skrei::storage::ipfs {
namespace {

namespace fs = std::filesystem;
using testing::InputSourceConformance;
using testing::SourceCase;
using testing::StorageWorld;

model::SpecConfig add(content::ContentStore& store, std::string_view text) {
  const auto batch = store.begin_add().value();
  content::FileBuilder builder(content::kUnixFsV1, *batch);
  EXPECT_TRUE(builder.write(as_bytes(text)));
  const content::DagLink link = builder.finish().value();
  EXPECT_TRUE(batch->commit(link.cid, std::nullopt));
  return model::to_spec(model::IpfsSource{link.cid.to_string()});
}

constexpr std::string_view kAbsent = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

INSTANTIATE_TEST_SUITE_P(Ipfs, InputSourceConformance,
                         ::testing::Values(SourceCase{
                             "ipfs",
                             [](StorageWorld& world) {
                               return std::make_shared<IpfsSource>(world.store, *world.cache,
                                                                   world.pool);
                             },
                             [](StorageWorld& world) { return add(world.store, "conformance"); },
                             [](StorageWorld&) {
                               return model::to_spec(model::IpfsSource{std::string(kAbsent)});
                             }}),
                         testing::source_case_name);

class IpfsSourceTest : public ::testing::Test {
 protected:
  StorageWorld world_{100};
  IpfsSource driver_{world_.store, *world_.cache, world_.pool};
};

TEST_F(IpfsSourceTest, PinsForTheExecutionUntilReleased) {
  const auto prepared = world_.prepare(driver_, add(world_.store, "x"));
  ASSERT_TRUE(prepared) << prepared.error().message;

  const auto pins = world_.store.list_pins(prepared->cid).value();
  ASSERT_EQ(pins.size(), 1U);
  EXPECT_EQ(pins[0].owner, content::PinOwner::Execution);
  EXPECT_EQ(pins[0].owner_id, "e-1");
  ASSERT_TRUE(world_.run(driver_.release(ExecutionId("e-1"))));
  EXPECT_TRUE(world_.store.list_pins(std::nullopt)->empty());
}

TEST_F(IpfsSourceTest, FetchesWhatAPeerHas) {
  content::testing::MemoryStore peer;
  const model::SpecConfig source = add(peer, "from a peer");
  world_.store.connect(peer);

  EXPECT_EQ(world_.run(driver_.check(source)), Locality{});
  EXPECT_TRUE(world_.prepare(driver_, source));
  EXPECT_EQ(world_.run(driver_.check(source)), (Locality{true, 0}));
}

TEST_F(IpfsSourceTest, UnusedTreesGoOldestFirstBeyondTheBudget) {
  const auto prepare = [&](char letter, std::string execution) {
    return world_.prepare(driver_, add(world_.store, std::string(40, letter)), execution)
        .value()
        .host_path;
  };
  const fs::path a = prepare('a', "e-a");
  const fs::path b = prepare('b', "e-b");
  ASSERT_TRUE(world_.run(driver_.release(ExecutionId("e-a"))));
  ASSERT_TRUE(world_.run(driver_.release(ExecutionId("e-b"))));
  prepare('a', "e-c");
  ASSERT_TRUE(world_.run(driver_.release(ExecutionId("e-c"))));

  const fs::path c = prepare('c', "e-d");

  EXPECT_TRUE(fs::exists(a));
  EXPECT_FALSE(fs::exists(b));
  EXPECT_TRUE(fs::exists(c));
  EXPECT_EQ(world_.cache->bytes(), 80U);
}

TEST_F(IpfsSourceTest, TreesInUseStayWhateverTheBudget) {
  const auto a = world_.prepare(driver_, add(world_.store, std::string(90, 'a')), "e-1").value();
  const auto b = world_.prepare(driver_, add(world_.store, std::string(90, 'b')), "e-2").value();

  EXPECT_TRUE(fs::exists(a.host_path));
  EXPECT_TRUE(fs::exists(b.host_path));
  ASSERT_TRUE(world_.run(driver_.release(ExecutionId("e-1"))));
  EXPECT_FALSE(fs::exists(a.host_path));
}

TEST_F(IpfsSourceTest, MoreBytesThanAllowedAreRefusedAndLeaveNothing) {
  const model::SpecConfig source = add(world_.store, std::string(50, 'a'));

  EXPECT_EQ(world_.prepare(driver_, source, "e-1", 49).error().code, Code::ResourceExhausted);
  EXPECT_TRUE(fs::is_empty(world_.dir.path() / "materialised"));
  EXPECT_TRUE(world_.prepare(driver_, source, "e-1", 50));
}

TEST_F(IpfsSourceTest, ConcurrentPreparesShareOneTree) {
  const model::SpecConfig source = add(world_.store, "shared");
  std::vector<Result<PreparedInput>> results;
  const auto one = [](IpfsSource& driver, PrepareRequest request,
                      std::vector<Result<PreparedInput>>& out) -> async::Task<void> {
    out.push_back(co_await driver.prepare(std::move(request)));
  };
  const auto all = [&one](async::Loop& loop, IpfsSource& driver, model::SpecConfig spec,
                          std::vector<Result<PreparedInput>>& out) -> async::Task<void> {
    async::TaskScope scope(loop);
    for (int i = 0; i < 8; ++i) {
      PrepareRequest request{.execution = ExecutionId(fmt::format("e-{}", i)), .source = spec};
      scope.spawn("prepare", one(driver, std::move(request), out));
    }
    co_await scope.join();
    co_await scope.stop();
  };

  world_.loop.run_task(all(world_.loop, driver_, source, results));

  ASSERT_EQ(results.size(), 8U);
  for (const auto& result : results) {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->host_path, results[0]->host_path);
  }
  EXPECT_EQ(world_.cache->bytes(), 6U);
}

TEST_F(IpfsSourceTest, ARestartKeepsWholeTreesAndRemovesHalfMadeOnes) {
  const auto prepared = world_.prepare(driver_, add(world_.store, "kept")).value();
  const fs::path folder = world_.dir.path() / "materialised";
  fs::create_directory(folder / ("tmp-" + std::string(kAbsent)));
  fs::create_directory(folder / kAbsent);  // No meta file beside it.
  std::ofstream(folder / "bafkqaaa.meta") << "1 1\n";

  const auto reopened = MaterialisedCache::open({folder, 100}, world_.store, world_.pool).value();

  EXPECT_EQ(reopened->bytes(), 4U);
  EXPECT_TRUE(fs::exists(prepared.host_path));
  EXPECT_FALSE(fs::exists(folder / ("tmp-" + std::string(kAbsent))));
  EXPECT_FALSE(fs::exists(folder / kAbsent));
  EXPECT_FALSE(fs::exists(folder / "bafkqaaa.meta"));
}

TEST_F(IpfsSourceTest, AnUnreadableCidIsSaid) {
  const auto bad = driver_.validate(model::to_spec(model::IpfsSource{"nonsense"}));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::InvalidArgument);
}

TEST(InputSources, NamesTheKindsThereAre) {
  StorageWorld world;
  IpfsSource driver(world.store, *world.cache, world.pool);
  InputSources sources;
  sources.add("ipfs", driver);

  EXPECT_EQ(sources.find("IPFS"), &driver);
  const auto s3 = sources.find("s3");
  ASSERT_FALSE(s3);
  EXPECT_EQ(s3.error().message, "input source \"s3\" is not supported here; use one of: ipfs");
}

}  // namespace
}  // namespace skrei::storage::ipfs
