// SPDX-License-Identifier: Apache-2.0
#include "json/yaml.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace skrei::json {
namespace {

Code code_of(const Result<Value>& result) {
  return result ? Code::Internal : result.error().code;
}

struct ScalarCase {
  std::string_view yaml;
  std::string_view json;
};

TEST(Yaml, ScalarsFollowTheCoreSchema) {
  const ScalarCase cases[] = {
      {"1", "1"},
      {"-17", "-17"},
      {"+3", "3"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"1.5", "1.5"},
      {"1e3", "1000.0"},
      {"-.5", "-0.5"},
      {"true", "true"},
      {"False", "false"},
      {"~", "null"},
      {"null", "null"},
      {"yes", "\"yes\""},
      {"no", "\"no\""},
      {"\"1\"", "\"1\""},
      {"'true'", "\"true\""},
      {"1.2.3", "\"1.2.3\""},
      {"0x", "\"0x\""},
      {".inf", "\".inf\""},
      {"1_000", "\"1_000\""},
      {"!!str 1", "\"1\""},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
  };
  for (const auto& [yaml, json] : cases) {
    const auto value = parse_yaml(yaml);
    ASSERT_TRUE(value) << yaml << ": " << value.error().message;
    EXPECT_EQ(dump(*value), json) << yaml;
  }
}

TEST(Yaml, ReadsAJobAsPeopleWriteIt) {
  const auto value = parse_yaml(
      "# a job\n"
      "Type: batch\n"
      "Tasks:\n"
      "  - Name: main\n"
      "    Engine: {Type: docker, Params: {Image: \"alpine:3.20\"}}\n"
      "    Env: {A: '1'}\n");

  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(dump(*value),
            R"({"Tasks":[{"Engine":{"Params":{"Image":"alpine:3.20"},"Type":"docker"},)"
            R"("Env":{"A":"1"},"Name":"main"}],"Type":"batch"})");
}

TEST(Yaml, TakesJsonText) {
  EXPECT_EQ(dump(*parse_yaml(R"({"a": [1, {"b": null}], "c": "x"})")),
            R"({"a":[1,{"b":null}],"c":"x"})");
  EXPECT_TRUE(parse_yaml("")->is_null());
}

TEST(Yaml, ResolvesAliasesAndMergeKeys) {
  EXPECT_EQ(dump(*parse_yaml("a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\n")),
            R"({"a":{"p":1,"q":2},"b":{"p":1,"q":2},"c":{"p":1,"q":3}})");
  EXPECT_EQ(code_of(parse_yaml("<<: 1")), Code::InvalidArgument);
}

TEST(Yaml, AliasesCannotBlowUp) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 20; ++i) {
    bomb +=
        fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  }
  EXPECT_EQ(code_of(parse_yaml(bomb)), Code::ResourceExhausted);
  EXPECT_EQ(code_of(parse_yaml("&a [*a]")), Code::InvalidArgument);
}

TEST(Yaml, BoundsDepthAlsoThroughAliases) {
  EXPECT_EQ(code_of(parse_yaml(std::string(65, '[') + std::string(65, ']'))),
            Code::ResourceExhausted);
  EXPECT_FALSE(parse_yaml(std::string(100'000, '[')));
  std::string tower = "a0: &a0 [x]\n";
  for (int i = 1; i < 70; ++i)
    tower += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  EXPECT_EQ(code_of(parse_yaml(tower)), Code::ResourceExhausted);
}

TEST(Yaml, RefusesWhatHasNoJsonForm) {
  for (const std::string_view text :
       {"[1, 2]: x", "{a: 1}: x", "a: 1\na: 2", "--- 1\n--- 2", "!!int abc", "!mine x", "a: [1",
        "*nowhere", "a: \xff", "? a\n? a"}) {
    EXPECT_EQ(code_of(parse_yaml(text)), Code::InvalidArgument) << text;
  }
}

TEST(Yaml, ErrorsSayWhere) {
  const auto result = parse_yaml("a: 1\nb: {c: 1, c: 2}\n");

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "YAML line 2, column 11: key \"c\" stands twice in one map");
}

TEST(Yaml, EscapesOfLatin1ControlsAreUtf8) {
  EXPECT_EQ(*parse_yaml("a: \"x\\Ny\\_z\xC3\xA4\""), (Value{{"a", "x\xC2\x85y\xC2\xA0z\xC3\xA4"}}));
}

TEST(Yaml, DumpIsTheInverseOfParse) {
  const Value value = *parse(
      R"({"a":"true","b":"1","c":null,"d":[],"e":{},"f":"x: y","g":"multi\nline","h":-1,"i":2.5,)"
      R"("j":[{"k":"- z"},[1]],"l":"","m":"~","n":"<<","o":" pad ","p":"#no","q":"0x1F"})");

  EXPECT_EQ(*parse_yaml(dump_yaml(value)), value) << dump_yaml(value);
  for (const std::string_view text :
       {"a\rb", "\x10", "\x7f", "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(*parse_yaml(dump_yaml(Value{{text, text}})), (Value{{text, text}}));
  }
  EXPECT_TRUE(rc::check("any text survives", [](const std::string& raw) {
    const Value text{{"k", *parse(dump(Value(raw)))}};
    const auto back = parse_yaml(dump_yaml(text));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == text);
  }));
}

}  // namespace
}  // namespace skrei::json
