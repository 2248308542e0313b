// SPDX-License-Identifier: Apache-2.0
#include "model/labels.hpp"

#include <gtest/gtest.h>

namespace skrei::model {
namespace {

using enum LabelOperator;

TEST(Selector, ParsesEveryOperator) {
  const auto parsed = parse_selector(
      "region in (eu, us) , zone notin(a),!spot, gpu,disk!=hdd,os=linux,arch==arm64, cores > 4, "
      "load<-1,ram gt 8, heat lt 3, x exists, example.org/team = core");

  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, (std::vector<Constraint>{{"region", In, {"eu", "us"}},
                                              {"zone", NotIn, {"a"}},
                                              {"spot", DoesNotExist, {}},
                                              {"gpu", Exists, {}},
                                              {"disk", NotEquals, {"hdd"}},
                                              {"os", Equals, {"linux"}},
                                              {"arch", DoubleEquals, {"arm64"}},
                                              {"cores", GreaterThan, {"4"}},
                                              {"load", LessThan, {"-1"}},
                                              {"ram", GreaterThan, {"8"}},
                                              {"heat", LessThan, {"3"}},
                                              {"x", Exists, {}},
                                              {"example.org/team", Equals, {"core"}}}));
  EXPECT_TRUE(parse_selector("  ")->empty());
  EXPECT_EQ(parse_selector("zone=")->front().values, std::vector<std::string>{""});
}

TEST(Selector, PrintsWhatItParses) {
  for (const std::string_view text :
       {"region in (eu,us)", "zone notin (a)", "!spot", "gpu", "disk!=hdd", "os=linux",
        "arch==arm64", "cores>4", "load<-1"}) {
    const auto parsed = parse_selector(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(parsed->front()), text);
  }
}

TEST(Selector, ErrorsPointAtThePlace) {
  EXPECT_EQ(parse_selector("a in (b").error().message,
            "selector \"a in (b\", column 8: expected \",\" or \")\" in the list of values");
  for (const std::string_view text : {",", "a,", "a b c", "a in b", "a >> 1", "a > x", "a ~ b", "!",
                                      "a=b c", "a in ()x", "-a", "a=-b", "a/b/c"}) {
    EXPECT_EQ(parse_selector(text).error().code, Code::InvalidArgument) << text;
  }
  EXPECT_FALSE(parse_selector(std::string(20'000, 'a')));
}

TEST(Constraint, ValuesFitTheOperator) {
  EXPECT_TRUE(validate(Constraint{"a", In, {"x", ""}}));
  for (const Constraint& constraint : std::initializer_list<Constraint>{{"", Exists, {}},
                                                                        {"a", In, {}},
                                                                        {"a", Exists, {"x"}},
                                                                        {"a", DoesNotExist, {"x"}},
                                                                        {"a", Equals, {"x", "y"}},
                                                                        {"a", NotEquals, {}},
                                                                        {"a", GreaterThan, {"x"}},
                                                                        {"a", LessThan, {}},
                                                                        {"a", Equals, {"x y"}},
                                                                        {"a b", Exists, {}}}) {
    EXPECT_EQ(validate(constraint).error().code, Code::InvalidArgument) << to_string(constraint);
  }
}

TEST(Constraint, MatchesAsInKubernetes) {
  const StringMap labels{{"zone", "a"}, {"cores", "8"}, {"word", "eight"}};
  const std::pair<std::string_view, bool> cases[] = {
      {"zone", true},           {"gpu", false},           {"!zone", false},
      {"!gpu", true},           {"zone=a", true},         {"zone==b", false},
      {"gpu=a", false},         {"zone!=b", true},        {"gpu!=b", true},
      {"zone in (a,b)", true},  {"gpu in (a)", false},    {"zone notin (a)", false},
      {"gpu notin (a)", true},  {"cores>7", true},        {"cores>8", false},
      {"cores<9", true},        {"word>1", false},        {"gpu<9", false},
      {"zone=a,cores>7", true}, {"zone=a,cores>8", false}};
  for (const auto& [selector, expected] : cases) {
    EXPECT_EQ(matches(*parse_selector(selector), labels), expected) << selector;
  }
}

TEST(LabelOperator, WordsGoBothWays) {
  for (const LabelOperator op :
       {In, NotIn, Equals, DoubleEquals, NotEquals, Exists, DoesNotExist, GreaterThan, LessThan}) {
    EXPECT_EQ(*parse_label_operator(to_string(op)), op);
  }
  EXPECT_EQ(parse_label_operator("~").error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace skrei::model
