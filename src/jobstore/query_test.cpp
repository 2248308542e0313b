// SPDX-License-Identifier: Apache-2.0
#include "jobstore/query.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace skrei::jobstore {
namespace {

TEST(PageToken, RoundTrips) {
  for (const OrderBy order : {OrderBy::CreateTime, OrderBy::ModifyTime}) {
    for (const Direction direction : {Direction::Ascending, Direction::Descending}) {
      const PageToken token{order, direction, {1'760'000'000'123'456'789, "j-1:2"}};
      EXPECT_EQ(PageToken::parse(token.to_string()), token);
    }
  }
}

TEST(PageToken, RefusesWhatItDidNotMake) {
  for (const std::string_view text :
       {std::string_view("x"), std::string_view("***"), std::string_view("")}) {
    EXPECT_EQ(PageToken::parse(text).error().code, Code::InvalidArgument) << text;
  }
  for (const std::string_view plain : {"ca:j", "xa1:j", "cx1:j", "ca1:", "ca+1:j", "ca1x:j"}) {
    EXPECT_FALSE(PageToken::parse(to_base64url(as_bytes(plain)))) << plain;
  }
}

}  // namespace
}  // namespace skrei::jobstore
