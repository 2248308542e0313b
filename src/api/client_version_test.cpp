// SPDX-License-Identifier: Apache-2.0
#include "api/client_version.hpp"

#include <gtest/gtest.h>

#include "json/json.hpp"

namespace skrei::api {
namespace {

std::optional<http::Response> refusal_of(std::string_view version) {
  http::Request request;
  request.headers.set("X-Bacalhau-Git-Version", version);
  return refuse_client(request, "v1.9.3+test");
}

TEST(ClientVersion, FromTheOldestServedOnEveryoneIsServed) {
  EXPECT_FALSE(refuse_client({}, "v1.9.3"));
  for (const char* version :
       {"", "v1.4.0", "v1.9.3", "1.10.0", "v2.0.0-rc1", "v1.9.3+skrei.0.1.0", "v0.0.0-xxxxxxx"}) {
    EXPECT_FALSE(refusal_of(version)) << version;
  }
}

TEST(ClientVersion, AnOlderOneIsRefusedInTheShapeOfV1) {
  const auto refusal = refusal_of("v1.3.9");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 403);
  const auto body = json::parse(std::get<std::string>(refusal->body)).value();
  EXPECT_EQ(body["MinVersion"], "v1.4.0");
  EXPECT_EQ(body["ClientVersion"], "v1.3.9");
  EXPECT_EQ(body["ServerVersion"], "v1.9.3+test");
  EXPECT_NE(body["Error"].get<std::string>().find("update the client"), std::string::npos);
}

TEST(ClientVersion, WhatIsNoVersionIsRefused) {
  for (const char* version : {"x", "v1", "v1.9", "v1.9.x", "v1.9.3.4", "v-1.0.0", "v1.9.3 ",
                              "v99999999999.0.0", "\xff"}) {
    const auto refusal = refusal_of(version);
    ASSERT_TRUE(refusal) << version;
    EXPECT_EQ(refusal->status, 400) << version;
  }
}

}  // namespace
}  // namespace skrei::api
