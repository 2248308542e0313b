// SPDX-License-Identifier: Apache-2.0
#include "cli/run_flags.hpp"

#include <gtest/gtest.h>

namespace skrei::cli {
namespace {

constexpr std::string_view kCid = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";
using Kind = InputFlag::Kind;

TEST(InputFlag, Grammar) {
  const std::string cid(kCid);
  struct Case {
    std::string text;
    InputFlag expected;
  };
  const std::vector<Case> cases = {
      {"./data", {Kind::Local, "./data", "/inputs", {}}},
      {"./data:/in", {Kind::Local, "./data", "/in", {}}},
      {"a:b:/in", {Kind::Local, "a:b", "/in", {}}},
      {cid, {Kind::Ipfs, cid, "/inputs", {}}},
      {"ipfs://" + cid, {Kind::Ipfs, cid, "/inputs", {}}},
      {"ipfs://" + cid + "/a/b:/in", {Kind::Ipfs, cid + "/a/b", "/in", {}}},
      {"file:///srv/x:/in", {Kind::Node, "/srv/x", "/in", {}}},
      {"src=file:///srv/x,dst=/in,opt=rw=true", {Kind::Node, "/srv/x", "/in", {{"rw", "true"}}}},
      {"src=./data,dst=/in", {Kind::Local, "./data", "/in", {}}},
  };
  for (const Case& one : cases) {
    const auto parsed = InputFlag::parse(one.text);
    ASSERT_TRUE(parsed) << one.text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, one.expected) << one.text;
  }
}

TEST(InputFlag, RefusesWithTheFlagInTheSentence) {
  for (const std::string text :
       {"", ":/in", "https://example.org/x", "s3://bucket/x", "ipfs://nope", "src=./data,dst=in",
        "src=./data,colour=red", "src=./data,dst=/in,opt=rw=true"}) {
    const auto parsed = InputFlag::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::InvalidArgument) << text;
    EXPECT_TRUE(parsed.error().message.starts_with("-i ")) << parsed.error().message;
  }
}

TEST(OutputFlag, Grammar) {
  EXPECT_EQ(*parse_output_flag("outputs:/outputs"), (model::ResultPath{"outputs", "/outputs"}));
  EXPECT_EQ(*parse_output_flag("table"), (model::ResultPath{"table", "/table"}));
  for (const std::string text : {"", ":/x", "a:", "a:b", "a/b:/x"})
    EXPECT_FALSE(parse_output_flag(text)) << text;
}

TEST(Timeout, TakesSecondsAndDurations) {
  EXPECT_EQ(parse_timeout("--timeout", "90")->count(), 90);
  EXPECT_EQ(parse_timeout("--timeout", "1m30s")->count(), 90);
  EXPECT_EQ(parse_timeout("--timeout", "1ms")->count(), 1);
  EXPECT_EQ(parse_timeout("--timeout", "")->count(), 0);
  EXPECT_FALSE(parse_timeout("--timeout", "soon"));
  EXPECT_FALSE(parse_timeout("--timeout", "-1s"));
}

TEST(RunFlags, BecomeAJob) {
  RunFlags flags;
  flags.outputs = {"outputs:/outputs"};
  flags.env = {"A=b=c"};
  flags.labels = {"team=sea"};
  flags.constraints = {"region in (eu, us)"};
  flags.memory = "1GiB";
  flags.timeout = "60";
  flags.count = 3;

  const auto job = flags.to_job();

  ASSERT_TRUE(job) << job.error().message;
  const model::Task& task = job->tasks.front();
  EXPECT_EQ(job->count, 3);
  EXPECT_EQ(job->labels.at("team"), "sea");
  EXPECT_EQ(job->constraints.size(), 1u);
  EXPECT_EQ(task.env.at("A"), "b=c");
  EXPECT_EQ(task.publisher.type, "ipfs");  // Implied by -o.
  EXPECT_EQ(task.timeouts.total.count(), 60);
}

TEST(RunFlags, TargetAllIsAnOpsJob) {
  RunFlags flags;
  flags.target = "all";
  EXPECT_EQ(flags.to_job()->type, model::JobType::Ops);
  flags.count = 2;
  EXPECT_EQ(flags.to_job().error().message, "--count 2: each matching node runs it once");
}

TEST(RunFlags, RefuseWhatCannotBe) {
  const auto refused = [](auto change) {
    RunFlags flags;
    change(flags);
    return !flags.to_job() || !flags.parsed_inputs();
  };
  EXPECT_TRUE(refused([](RunFlags& f) { f.env = {"=x"}; }));
  EXPECT_TRUE(refused([](RunFlags& f) { f.memory = "lots"; }));
  EXPECT_TRUE(refused([](RunFlags& f) { f.target = "some"; }));
  EXPECT_TRUE(refused([](RunFlags& f) { f.publisher = "s3"; }));
  EXPECT_TRUE(refused([](RunFlags& f) { f.constraints = {"a in"}; }));
  EXPECT_TRUE(refused([](RunFlags& f) { f.inputs = {"./a", "./b"}; }));
}

}  // namespace
}  // namespace skrei::cli
