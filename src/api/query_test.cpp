// SPDX-License-Identifier: Apache-2.0
#include "api/query.hpp"

#include <gtest/gtest.h>

#include "jobstore/query.hpp"

namespace skrei::api {
namespace {

http::Request request_for(std::string_view query) {
  http::Request request;
  request.query = http::Query::parse(query);
  return request;
}

TEST(QueryParams, AnEmptyValueIsUnset) {
  const auto request = request_for("a=&limit=&reverse=");

  EXPECT_EQ(text_param(request, "a"), "");
  EXPECT_EQ(text_param(request, "b"), "");
  EXPECT_EQ(bool_param(request, "reverse", true).value(), true);
  EXPECT_EQ(number_param(request, "limit").value(), std::nullopt);
  EXPECT_EQ(limit_param(request, 10).value(), 10U);
}

TEST(QueryParams, BooleansAreThoseOfGo) {
  for (const char* text : {"1", "t", "T", "true", "True", "TRUE"}) {
    EXPECT_TRUE(bool_param(request_for(fmt::format("x={}", text)), "x", false).value()) << text;
  }
  for (const char* text : {"0", "f", "F", "false", "False", "FALSE"}) {
    EXPECT_FALSE(bool_param(request_for(fmt::format("x={}", text)), "x", true).value()) << text;
  }
  EXPECT_EQ(bool_param(request_for("x=yes"), "x", true).error().message,
            "query parameter x=\"yes\": write true or false");
}

TEST(QueryParams, NumbersAreWholeAndBounded) {
  EXPECT_EQ(number_param(request_for("x=18446744073709551615"), "x").value(), UINT64_MAX);
  for (const char* text : {"-1", "1.5", "1x", "18446744073709551616", "%201"}) {
    const auto number = number_param(request_for(fmt::format("x={}", text)), "x");
    ASSERT_FALSE(number) << text;
    EXPECT_EQ(number.error().code, Code::InvalidArgument);
    EXPECT_TRUE(number.error().message.ends_with("write a whole number from 0 on"));
  }
}

TEST(QueryParams, LimitsAreCoerced) {
  EXPECT_EQ(limit_param(request_for("limit=0"), 7).value(), 7U);
  EXPECT_EQ(limit_param(request_for("limit=3"), 7).value(), 3U);
  EXPECT_EQ(limit_param(request_for("limit=1000000"), 7).value(), jobstore::kPageSizeMax);
}

TEST(QueryParams, AllLabelsCount) {
  const auto labels = labels_param(request_for("labels=a%3D1&labels=b"));

  ASSERT_TRUE(labels);
  EXPECT_EQ(labels->size(), 2U);
  const auto wrong = labels_param(request_for("labels=a%20in"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::InvalidArgument);
  EXPECT_TRUE(wrong.error().message.starts_with("query parameter labels: "));
}

TEST(QueryParams, VersionZeroIsNone) {
  EXPECT_EQ(version_param(request_for("job_version=0")).value(), std::nullopt);
  EXPECT_EQ(version_param(request_for("job_version=2")).value(), 2U);
}

}  // namespace
}  // namespace skrei::api
