// SPDX-License-Identifier: Apache-2.0
#include "base/nearest_word.hpp"

#include <array>

#include <gtest/gtest.h>

namespace skrei {
namespace {

constexpr std::array<std::string_view, 4> kWords{"batch", "ops", "service", "daemon"};

TEST(NearestWord, FindsTypos) {
  EXPECT_EQ(nearest_word("bacth", kWords), "batch");
  EXPECT_EQ(nearest_word("Servce", kWords), "service");
  EXPECT_EQ(nearest_word("deamon", kWords), "daemon");
  EXPECT_EQ(nearest_word("op", kWords), "ops");
}

TEST(NearestWord, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest_word("cron", kWords), "");
  EXPECT_EQ(nearest_word("", kWords), "");
  EXPECT_EQ(nearest_word(std::string(10'000, 'b'), kWords), "");
}

TEST(NearestWord, DidYouMeanIsAnEndOfASentence) {
  EXPECT_EQ(did_you_mean("bacth", kWords), "; did you mean \"batch\"?");
  EXPECT_EQ(did_you_mean("cron", kWords), "");
}

TEST(NearestWord, CaseIsThatOfAscii) {
  EXPECT_EQ(ascii_lower("WASM-Ä"), "wasm-Ä");
  EXPECT_TRUE(equal_ignoring_case("WebAssembly", "webassemBLY"));
  EXPECT_FALSE(equal_ignoring_case("wasm", "wasm1"));
}

}  // namespace
}  // namespace skrei
