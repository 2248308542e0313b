// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <gtest/gtest.h>

#include "json/json.hpp"

namespace skrei::cli {
namespace {

const std::vector<std::string> kTitles = {"ID", "STATE"};

TEST(Table, AlignsByCharactersAndCutsLongCells) {
  const std::vector<Row> rows = {{"1", {"äö", "Running"}}, {"2", {"abcdefgh", "x"}}};

  EXPECT_EQ(render_table(kTitles, rows, 5, true), "ID     STATE\näö     Runn…\nabcd…  x\n");
  EXPECT_EQ(render_table(kTitles, {{"1", {"a", ""}}}, 5, false), "a\n");
}

TEST(Table, ControlCharactersOfJobsNeverReachTheTerminal) {
  EXPECT_EQ(render_table({"A"}, {{"1", {"\x1b[31mred\n\xff"}}}, 80, false),
            " [31mred \xef\xbf\xbd\n");
}

TEST(Csv, QuotesByRfc4180) {
  EXPECT_EQ(render_csv(kTitles, {{"1", {"a,b", "say \"hi\"\n"}}}, true),
            "ID,STATE\r\n\"a,b\",\"say \"\"hi\"\"\n\"\r\n");
}

TEST(Yaml, QuotesWordsThatWouldReadAsSomethingElse) {
  const auto value = json::parse(R"({"a":"true","b":true,"c":[1,"1"],"d":{},"e":"plain word"})");

  EXPECT_EQ(to_yaml_text(*value),
            "a: \"true\"\nb: true\nc:\n  - 1\n  - \"1\"\nd:\n  {}\ne: plain word");
}

TEST(ShortId, KeepsPrefixAndEightDigits) {
  EXPECT_EQ(short_id("j-1a2b3c4d-0000-4000-8000-000000000000"), "j-1a2b3c4d");
  EXPECT_EQ(short_id("1a2b3c4d-0000"), "1a2b3c4d");
  EXPECT_EQ(short_id("j"), "j");
}

}  // namespace
}  // namespace skrei::cli
