// SPDX-License-Identifier: Apache-2.0
#include "publisher/testing/conformance.hpp"

#include <fstream>

#include <sys/stat.h>

namespace skrei::publisher::testing {
namespace {

template <class T>
T run(async::Loop& loop, async::Task<T> task) {
  std::optional<T> result;
  const auto body = [](async::Task<T> inner, std::optional<T>& out) -> async::Task<void> {
    out.emplace(co_await std::move(inner));
  };
  loop.run_task(body(std::move(task), result));
  return *std::move(result);
}

}  // namespace

PublisherWorld::PublisherWorld() {
  std::filesystem::create_directory(dir.path() / "outputs");
  std::ofstream(dir.path() / "stdout") << "out\n";
  std::ofstream(dir.path() / "stderr") << "";
  std::ofstream(dir.path() / "outputs/a") << "A";
  std::ofstream(dir.path() / "outputs/.hidden") << "H";
}

PublisherWorld::~PublisherWorld() {
  pool.stop();
}

PublishRequest PublisherWorld::request(model::SpecConfig publisher) const {
  return {.job = JobId("j-1"),
          .execution = ExecutionId("e-1"),
          .publisher = std::move(publisher),
          .stdout_file = dir.path() / "stdout",
          .stderr_file = dir.path() / "stderr",
          .exit_code = 3,
          .outputs = {{"outputs", dir.path() / "outputs"}}};
}

Result<model::SpecConfig> PublisherWorld::publish(Publisher& driver, PublishRequest request) {
  return run(loop, driver.publish(std::move(request)));
}

Result<void> PublisherWorld::withdraw(Publisher& driver, JobId job) {
  return run(loop, driver.withdraw({std::move(job)}));
}

std::string publisher_case_name(const ::testing::TestParamInfo<PublisherCase>& info) {
  return info.param.name;
}

TEST_P(PublisherConformance, TheSameOutputGivesTheSameResult) {
  const auto first = world_.publish(*driver_, world_.request(GetParam().spec));
  const auto again = world_.publish(*driver_, world_.request(GetParam().spec));

  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first, again);
  EXPECT_TRUE(std::filesystem::exists(world_.dir.path() / "outputs/a"));
}

TEST_P(PublisherConformance, RefusesAnotherKindAndMissingOutputs) {
  EXPECT_EQ(driver_->validate({"other", "{}"}).error().code, Code::InvalidArgument);
  EXPECT_EQ(world_.publish(*driver_, world_.request({"other", "{}"})).error().code,
            Code::InvalidArgument);
  PublishRequest request = world_.request(GetParam().spec);
  request.outputs.push_back({"gone", world_.dir.path() / "gone"});
  const auto missing = world_.publish(*driver_, request);
  EXPECT_EQ(missing.error().code, Code::NotFound);
  EXPECT_TRUE(missing.error().message.contains("gone"));
}

TEST_P(PublisherConformance, RefusesSpecialFilesByName) {
  ASSERT_EQ(::mkfifo((world_.dir.path() / "outputs/pipe").c_str(), 0600), 0);

  const auto published = world_.publish(*driver_, world_.request(GetParam().spec));

  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().code, Code::InvalidArgument);
  EXPECT_TRUE(published.error().message.contains("outputs/pipe: is a FIFO"))
      << published.error().message;
}

TEST_P(PublisherConformance, KeepsToItsBudget) {
  PublishRequest request = world_.request(GetParam().spec);
  request.budget.bytes = 6;  // "out\n", "A", "H"
  EXPECT_TRUE(world_.publish(*driver_, request));
  request.budget.bytes = 5;
  EXPECT_EQ(world_.publish(*driver_, request).error().code, Code::ResourceExhausted);
}

TEST_P(PublisherConformance, WithdrawIsRightAtAnyTime) {
  EXPECT_TRUE(world_.withdraw(*driver_, JobId("j-none")));
  ASSERT_TRUE(world_.publish(*driver_, world_.request(GetParam().spec)));
  EXPECT_TRUE(world_.withdraw(*driver_, JobId("j-1")));
  EXPECT_TRUE(world_.withdraw(*driver_, JobId("j-1")));
}

}  // namespace skrei::publisher::testing
