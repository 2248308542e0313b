// SPDX-License-Identifier: Apache-2.0
#include "json/write.hpp"

#include <gtest/gtest.h>

#include "json/words.hpp"

namespace skrei::json {
namespace {

enum class Fruit { Apple, Pear };

std::string_view print_fruit(Fruit fruit) {
  return fruit == Fruit::Apple ? "apple" : "pear";
}
Result<Fruit> parse_fruit(std::string_view text) {
  return text == "apple" ? Fruit::Apple : Fruit::Pear;
}

struct Leaf {
  std::string name;
  int size = 0;
};
constexpr auto json_fields(const Leaf*) {
  return std::tuple{field("Name", &Leaf::name, Emit::IfSet),
                    field("Size", &Leaf::size, Emit::IfSet)};
}

// Has no quicker way of its own.
struct Halves {
  static Value encode(int halves) { return halves / 2.0; }
};

struct Tree {
  std::vector<Leaf> leaves;
  std::map<std::string, std::uint64_t> counts;
  std::optional<Leaf> top;
  Leaf root;
  Fruit fruit = Fruit::Apple;
  std::chrono::seconds age{0};
  JobId job;
  bool evergreen = false;
  int halves = 0;
};
constexpr auto json_fields(const Tree*) {
  return std::tuple{
      field("Leaves", &Tree::leaves, Emit::IfSet),
      field("Counts", &Tree::counts, Emit::IfSet),
      field("Top", &Tree::top, Emit::IfSet),
      field("Root", &Tree::root, Emit::IfSet),
      field<Words<Fruit, parse_fruit, print_fruit, Fruit::Pear>>("Fruit", &Tree::fruit),
      field("Age", &Tree::age, Emit::IfSet),
      field("JobID", &Tree::job, Emit::IfSet),
      field("Evergreen", &Tree::evergreen, Emit::IfSet),
      field<Halves>("Halves", &Tree::halves, Emit::IfSet)};
}
static_assert(kCoversAllMembers<Leaf> && kCoversAllMembers<Tree>);

TEST(Write, MeansWhatEncodeMeans) {
  const Tree full{.leaves = {{"a", 1}, {"", 0}, {"c", -3}},
                  .counts = {{"x", 18446744073709551615u}, {"y\n", 0}},
                  .top = Leaf{"t", 2},
                  .root = {"r", 0},
                  .fruit = Fruit::Pear,
                  .age = std::chrono::seconds(-9),
                  .job = JobId("j-1"),
                  .evergreen = true,
                  .halves = 3};

  for (const Tree& tree : {full, Tree{}, Tree{.top = Leaf{}}, Tree{.halves = 2}}) {
    const std::string text = text_of(tree);
    EXPECT_EQ(*parse(text), encode(tree)) << text;
  }
  EXPECT_EQ(text_of(Tree{}), R"({"Fruit":"apple"})");
}

TEST(Write, StringsAreThoseOfDump) {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte)
    all_bytes += static_cast<char>(byte);

  for (const std::string& text :
       {std::string(), std::string("plain ~"), std::string("\"quoted\" \\ and \x7f"),
        std::string("Grüße 日本"), std::string("\xff cut \xc3"), all_bytes}) {
    EXPECT_EQ(text_of(text), dump(Value(text)));
  }
}

TEST(Write, EmptyTextsAreThoseOfEmptyValues) {
  for (const Value& value :
       {Value(nullptr), Value(0), Value(0.0), Value(-0.0), Value(false), Value(""), Value::array(),
        Value::object(), Value(1), Value(0.5), Value(true), Value("0"), Value::array({0})}) {
    EXPECT_EQ(is_empty_text(dump(value)), is_empty(value)) << dump(value);
  }
}

}  // namespace
}  // namespace skrei::json
