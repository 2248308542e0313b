// SPDX-License-Identifier: Apache-2.0
#include "http/accept.hpp"

#include <gtest/gtest.h>

namespace skrei::http {
namespace {

constexpr std::string_view kType = "application/problem+json";

TEST(AcceptWeight, ReadsTheWeightOfANamedType) {
  EXPECT_EQ(accept_weight("application/problem+json", kType), 1000);
  EXPECT_EQ(accept_weight("text/html, Application/Problem+JSON ; q=0.5", kType), 500);
  EXPECT_EQ(accept_weight("application/problem+json;q=0", kType), 0);
  EXPECT_EQ(accept_weight("application/problem+json;profile=\"a,b;q=0\";Q=0.125,*/*", kType), 125);
  EXPECT_EQ(accept_weight("application/problem+json;q=0.2,application/problem+json;q=0.9", kType),
            900);
}

TEST(AcceptWeight, WildcardsAndLongerNamesDoNotNameIt) {
  for (const char* accept : {"", "*/*", "application/*", "application/problem+jsonx", ",,;q=1",
                             "x-application/problem+json"}) {
    EXPECT_EQ(accept_weight(accept, kType), std::nullopt) << accept;
  }
}

TEST(AcceptWeight, AnUnreadableWeightIsTheWhole) {
  for (const char* q : {"", "x", "0.5555", "0:5", "2", "0x", "-1"}) {
    EXPECT_EQ(accept_weight(std::string(kType) + ";q=" + q, kType), 1000) << q;
  }
}

}  // namespace
}  // namespace skrei::http
