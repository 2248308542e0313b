// SPDX-License-Identifier: Apache-2.0
#include "json/reflect.hpp"

#include <gtest/gtest.h>

#include "json/words.hpp"

namespace skrei::json {
namespace {

enum class Fruit { Apple, Pear };

std::string_view print_fruit(Fruit fruit) {
  return fruit == Fruit::Apple ? "apple" : "pear";
}
Result<Fruit> parse_fruit(std::string_view text) {
  if (text == "apple") return Fruit::Apple;
  if (text == "pear") return Fruit::Pear;
  return fail(Code::InvalidArgument, "unknown fruit \"{}\"", text);
}

struct Leaf {
  std::string name;
  int size = 7;
  bool operator==(const Leaf&) const = default;
};
constexpr auto json_fields(const Leaf*) {
  return std::tuple{field("Name", &Leaf::name), field("Size", &Leaf::size, Emit::IfSet)};
}

struct Tree {
  std::vector<Leaf> leaves;
  std::map<std::string, std::uint64_t> counts;
  std::optional<Leaf> top;
  Fruit fruit = Fruit::Pear;
  std::chrono::seconds age{0};
  JobId job;
  bool evergreen = false;
  bool operator==(const Tree&) const = default;
};
constexpr auto json_fields(const Tree*) {
  return std::tuple{
      field("Leaves", &Tree::leaves),
      field("Counts", &Tree::counts),
      field("Top", &Tree::top),
      field<Words<Fruit, parse_fruit, print_fruit, Fruit::Pear>>("Fruit", &Tree::fruit),
      field("Age", &Tree::age),
      field("JobID", &Tree::job),
      field("Evergreen", &Tree::evergreen, Emit::IfSet)};
}
static_assert(kCoversAllMembers<Leaf> && kCoversAllMembers<Tree>);

std::string message_of(std::string_view text, UnknownKeys policy = UnknownKeys::Ignore) {
  const auto value = parse(text);
  if (!value) return "not JSON";
  const auto result = decode<Tree>(*value, Reader(policy));
  return result ? "" : result.error().message;
}

TEST(Reflect, WritesExactNamesAndReadsThemBack) {
  const Tree tree{.leaves = {{"a", 1}, {"b", 0}},
                  .counts = {{"x", 18446744073709551615u}},
                  .top = Leaf{"t", 2},
                  .fruit = Fruit::Apple,
                  .age = std::chrono::seconds(9),
                  .job = JobId("j-1"),
                  .evergreen = true};

  const Value value = encode(tree);

  EXPECT_EQ(dump(value),
            R"({"Age":9,"Counts":{"x":18446744073709551615},"Evergreen":true,"Fruit":"apple",)"
            R"("JobID":"j-1","Leaves":[{"Name":"a","Size":1},{"Name":"b"}],)"
            R"("Top":{"Name":"t","Size":2}})");
  Tree expected = tree;
  expected.leaves[1].size = 7;  // 0 was left out, and the default is 7.
  EXPECT_EQ(*decode<Tree>(value), expected);
}

TEST(Reflect, SchemaSaysWhatIsWritten) {
  const Value tree = schema<Tree>();

  EXPECT_EQ(tree["required"], Value({"Leaves", "Counts", "Top", "Fruit", "Age", "JobID"}));
  EXPECT_EQ(tree["properties"]["Leaves"]["items"], schema<Leaf>());
  EXPECT_EQ(dump(schema<Leaf>()),
            R"({"properties":{"Name":{"type":"string"},"Size":{"type":"integer"}},)"
            R"("required":["Name"],"type":"object"})");
  EXPECT_EQ(dump(tree["properties"]["Fruit"]), R"({"enum":["apple","pear"],"type":"string"})");
  EXPECT_EQ(dump(tree["properties"]["Counts"]["additionalProperties"]),
            R"({"minimum":0,"type":"integer"})");
}

TEST(Reflect, ReadsKeysInAnyCaseAndNullAsAbsent) {
  const auto tree = decode<Tree>(
      *parse(R"({"LEAVES":[{"name":"n"}],"jobid":"j","Fruit":null,"Top":null,"more":1})"));

  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(tree->leaves, (std::vector<Leaf>{{"n", 7}}));
  EXPECT_EQ(tree->job, JobId("j"));
  EXPECT_EQ(tree->fruit, Fruit::Pear);
  EXPECT_FALSE(tree->top);
}

TEST(Reflect, ErrorsNameThePath) {
  EXPECT_EQ(message_of(R"({"Leaves":[{"Name":"a"},{"Name":1}]})"),
            "Leaves[1].Name: expected text (in quotes), got 1");
  EXPECT_EQ(message_of(R"({"Leaves":{}})"), "Leaves: expected a list, got an object");
  EXPECT_EQ(message_of(R"({"Leaves":[null]})"), "Leaves[0]: is null");
  EXPECT_EQ(message_of(R"({"Counts":{"x":-1}})"), "Counts.x: -1 is less than 0");
  EXPECT_EQ(message_of(R"({"Top":{"Size":3000000000}})"),
            "Top.Size: 3000000000 is more than 2147483647");
  EXPECT_EQ(message_of(R"({"Top":{"Size":1.5}})"), "Top.Size: expected a whole number, got 1.5");
  EXPECT_EQ(message_of(R"({"Fruit":"fig"})"), "Fruit: unknown fruit \"fig\"");
  EXPECT_EQ(message_of(R"({"Evergreen":"yes"})"),
            "Evergreen: expected true or false, got a string");
  EXPECT_EQ(message_of(R"({"Age":1,"age":2})"), "Age: is there twice, in different case");
  EXPECT_EQ(message_of("[]"), "expected an object, got an array");
}

TEST(Reflect, UnknownKeysAreToldOrRefused) {
  std::vector<std::string> unknown;
  const Value value = *parse(R"({"Laeves":[],"Leaves":[{"Nmae":"x"}]})");

  EXPECT_TRUE(decode<Tree>(value, Reader(UnknownKeys::Ignore, &unknown)));

  EXPECT_EQ(unknown,
            (std::vector<std::string>{"Laeves: unknown, ignored; did you mean \"Leaves\"?",
                                      "Leaves[0].Nmae: unknown, ignored; did you mean \"Name\"?"}));
  EXPECT_EQ(message_of(R"({"Top":{"Siez":1}})", UnknownKeys::Refuse),
            "Top: unknown \"Siez\"; did you mean \"Size\"?");
}

TEST(Reflect, WholeFloatsAreWholeNumbers) {
  EXPECT_EQ(decode<Leaf>(*parse(R"({"Size":1e3})"))->size, 1000);
  EXPECT_FALSE(decode<Leaf>(*parse(R"({"Size":1e30})")));
}

}  // namespace
}  // namespace skrei::json
