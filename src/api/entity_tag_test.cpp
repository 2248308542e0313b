// SPDX-License-Identifier: Apache-2.0
#include "api/entity_tag.hpp"

#include <gtest/gtest.h>

namespace skrei::api {
namespace {

model::Job job_at(std::uint64_t version, std::uint64_t revision) {
  model::Job job;
  job.id = JobId("j-1");
  job.version = version;
  job.revision = revision;
  return job;
}

TEST(EntityTag, HeadersNameTags) {
  EXPECT_EQ(entity_tag(job_at(2, 7)), "\"2-7\"");
  for (const char* value : {"*", " * ", "\"2-7\"", "\"1-1\", \"2-7\"", "\"a,b\" ,\t\"2-7\""}) {
    EXPECT_EQ(names_tag("If-Match", value, "\"2-7\""), true) << value;
  }
  for (const char* value : {"\"2-70\"", "\"1-1\",\"3-3\"", "\"\"", "W/\"2-7\""})
    EXPECT_EQ(names_tag("If-Match", value, "\"2-7\""), false) << value;
  EXPECT_EQ(names_tag("If-None-Match", "W/\"2-7\"", "\"2-7\""), true);
  for (const char* value :
       {"2-7", "\"2-7", "\"1\" \"2\"", "\"1\",", "*,\"1\"", ",", "", "w/\"1\""}) {
    const auto named = names_tag("If-Match", value, "\"2-7\"");
    ASSERT_FALSE(named) << value;
    EXPECT_EQ(named.error().code, Code::InvalidArgument);
    EXPECT_TRUE(named.error().message.starts_with("header If-Match: ")) << named.error().message;
  }
}

TEST(EntityTag, ConditionsLookAtTheJobAsItIs) {
  const auto allows = [](const char* name, const char* value, const model::Job* job) {
    http::Request request;
    request.headers.add(name, value);
    JobCondition condition(request);
    const auto result = condition.check()(job);
    EXPECT_EQ(condition.failed(), !result && result.error().code == Code::FailedPrecondition);
    return result.has_value();
  };
  const model::Job job = job_at(2, 7);
  EXPECT_TRUE(allows("If-Match", "\"2-7\"", &job));
  EXPECT_TRUE(allows("If-Match", "*", &job));
  EXPECT_FALSE(allows("If-Match", "\"2-6\"", &job));
  EXPECT_FALSE(allows("If-Match", "*", nullptr)) << "a new job matches nothing";
  EXPECT_FALSE(allows("If-Match", "2-7", &job)) << "quotes are missing";
  EXPECT_FALSE(allows("If-None-Match", "*", &job));
  EXPECT_TRUE(allows("If-None-Match", "*", nullptr));
  EXPECT_TRUE(allows("If-None-Match", "\"2-6\"", &job));
  EXPECT_EQ(JobCondition(http::Request{}).check(), nullptr);
}

}  // namespace
}  // namespace skrei::api
