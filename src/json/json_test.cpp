// SPDX-License-Identifier: Apache-2.0
#include "json/json.hpp"

#include <gtest/gtest.h>

namespace skrei::json {
namespace {

Code code_of(const Result<Value>& result) {
  return result ? Code::Internal : result.error().code;
}

TEST(JsonParse, TakesOneValueAndNothingBehindIt) {
  EXPECT_EQ(*parse(R"({"b":[1,-2,3.5,null,true],"a":"ü"})"),
            (Value{{"a", "ü"}, {"b", {1, -2, 3.5, nullptr, true}}}));
  EXPECT_EQ(code_of(parse("{} {}")), Code::InvalidArgument);
  EXPECT_EQ(code_of(parse("")), Code::InvalidArgument);
  EXPECT_EQ(code_of(parse("{\"a\":1e999}")), Code::InvalidArgument);
  EXPECT_EQ(code_of(parse("\"\xff\"")), Code::InvalidArgument);
}

TEST(JsonParse, SaysWhereTheErrorIs) {
  const auto result = parse("{\n  \"a\": tru\n}");

  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with("not JSON: parse error at line "))
      << result.error().message;
}

TEST(JsonParse, RefusesAKeyTwice) {
  const auto result = parse(R"({"a":{"x":1,"x":2}})");

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "key \"x\" stands twice in one object");
}

TEST(JsonParse, BoundsDepthValuesAndBytes) {
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')));
  EXPECT_EQ(code_of(parse(std::string(65, '[') + std::string(65, ']'))), Code::ResourceExhausted);
  EXPECT_EQ(code_of(parse(std::string(1'000'000, '['))), Code::ResourceExhausted);
  EXPECT_EQ(code_of(parse("[1,2,3]", {.values_max = 3})), Code::ResourceExhausted);
  EXPECT_TRUE(parse("[1,2]", {.values_max = 3}));
  EXPECT_EQ(code_of(parse("[1,2]", {.bytes_max = 4})), Code::ResourceExhausted);
}

TEST(JsonDump, IsCanonicalAndNeverThrows) {
  EXPECT_EQ(dump(*parse(R"({ "b" : 1, "a" : {"d":2.5,"c":[]} })")),
            R"({"a":{"c":[],"d":2.5},"b":1})");
  EXPECT_EQ(dump(Value("a\xff")), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(dump(Value{{"a", 1}}, Layout::Indented), "{\n  \"a\": 1\n}");
}

}  // namespace
}  // namespace skrei::json
