// SPDX-License-Identifier: Apache-2.0
#include "publisher/ipfs/ipfs_publisher.hpp"

#include <gtest/gtest.h>

#include "content/unixfs_reader.hpp"
#include "model/publisher_params.hpp"
#include "publisher/testing/conformance.hpp"

namespace skrei::publisher::ipfs {
namespace {

using testing::PublisherConformance;
using testing::PublisherWorld;

const model::SpecConfig kSpec{"ipfs", "{}"};

INSTANTIATE_TEST_SUITE_P(Ipfs, PublisherConformance,
                         ::testing::Values(testing::PublisherCase{
                             "ipfs", kSpec,
                             [](PublisherWorld& world) {
                               return std::make_shared<IpfsPublisher>(world.store, world.pool);
                             }}),
                         testing::publisher_case_name);

class IpfsPublisherTest : public ::testing::Test {
 protected:
  PublisherWorld world_;
  IpfsPublisher driver_{world_.store, world_.pool};
};

TEST_F(IpfsPublisherTest, TheResultHasTheLayoutOfBacalhauAndIsPinnedForTheJob) {
  const auto published = world_.publish(driver_, world_.request(kSpec));

  ASSERT_TRUE(published) << published.error().message;
  const auto cid = multi::Cid::parse(model::ipfs_result(*published)->cid).value();
  content::TreeWalker walker(world_.store, cid, {});
  std::vector<std::string> paths;
  std::string exit_code;
  while (const auto entry = walker.next().value()) {
    paths.push_back(entry->path);
    if (entry->path == "exitCode") exit_code = as_chars(entry->block);
  }
  EXPECT_EQ(paths, (std::vector<std::string>{"", "exitCode", "outputs", "outputs/.hidden",
                                             "outputs/a", "stderr", "stdout"}));
  EXPECT_EQ(exit_code, "3");
  EXPECT_EQ(world_.store.is_complete(cid), true);
  EXPECT_EQ(world_.store.list_pins(cid),
            (std::vector<content::Pin>{{cid, content::PinOwner::JobResult, "j-1"}}));
  ASSERT_TRUE(world_.withdraw(driver_, JobId("j-1")));
  EXPECT_TRUE(world_.store.list_pins(cid)->empty());
}

TEST_F(IpfsPublisherTest, AnOutputMayNotBeCalledStdout) {
  PublishRequest request = world_.request(kSpec);
  request.outputs.front().name = "stdout";

  EXPECT_EQ(world_.publish(driver_, request).error().code, Code::InvalidArgument);
}

TEST_F(IpfsPublisherTest, AFullDiskIsSaid) {
  world_.store.fail_with(Error{Code::OutOfSpace, "disk full"});

  EXPECT_EQ(world_.publish(driver_, world_.request(kSpec)).error().code, Code::OutOfSpace);
}

TEST(Publishers, NamesTheKindsThereAre) {
  PublisherWorld world;
  IpfsPublisher driver(world.store, world.pool);
  Publishers publishers;
  publishers.add("ipfs", driver);

  EXPECT_EQ(publishers.find("Ipfs"), &driver);
  EXPECT_EQ(publishers.find("s3").error().message,
            "publisher \"s3\" is not supported here; use one of: ipfs");
}

}  // namespace
}  // namespace skrei::publisher::ipfs
