// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace skrei::config {
namespace {

std::string edited(std::string_view text, std::string_view key, std::string_view value) {
  const auto result = set_in_file(text, key, value);
  return result ? *result : "error: " + result.error().message;
}

TEST(SetInFile, LeavesEveryOtherLineAsItIs) {
  const std::string before =
      "# My node.\n"
      "api:\n"
      "    host: 1.2.3.4   # the inner network\n"
      "    port: 5000      # where \"it\" listens\n"
      "\n"
      "# Where things are.\n"
      "DataDir: '/srv/#1'\n"
      "Labels:\n"
      "- is wrong but ours to replace\n"
      "Logging:\n"
      "  Level: warn\n";

  EXPECT_EQ(edited(before, "API.Port", "77"),
            "# My node.\n"
            "api:\n"
            "    host: 1.2.3.4   # the inner network\n"
            "    port: 77      # where \"it\" listens\n"
            "\n"
            "# Where things are.\n"
            "DataDir: '/srv/#1'\n"
            "Labels:\n"
            "- is wrong but ours to replace\n"
            "Logging:\n"
            "  Level: warn\n");
  EXPECT_TRUE(edited(before, "labels", "a=b").contains("Labels: a=b\nLogging:"));
  EXPECT_TRUE(edited(before, "DataDir", "/x").contains("\nDataDir: /x\nLabels"));
  EXPECT_TRUE(edited(before, "API.Open", "true").contains("\"it\" listens\n    Open: true\n\n#"));
  EXPECT_TRUE(edited(before, "Logging.Mode", "json").ends_with("  Level: warn\n  Mode: json\n"));
  EXPECT_TRUE(edited(before, "Compute.Logs.Head", "1MiB")
                  .ends_with("  Level: warn\nCompute:\n  Logs:\n    Head: 1MiB\n"));
}

TEST(SetInFile, WritesWhatIsMissing) {
  EXPECT_EQ(edited("", "API.Port", "77"), "API:\n  Port: 77\n");
  EXPECT_EQ(edited("# only words\n", "API.Port", "77"), "# only words\nAPI:\n  Port: 77\n");
  EXPECT_EQ(edited("---\nAPI:\n", "API.Port", "77"), "---\nAPI:\n  Port: 77\n");
  EXPECT_EQ(edited("API.Port: 1\n", "API.Port", "77"), "API.Port: 77\n");
  EXPECT_EQ(edited("API.Port: 1", "API.Host", "h"), "API.Port: 1\nAPI:\n  Host: h\n");
  EXPECT_EQ(edited("API:\r\n  Port: 1\r\n", "API.Port", "77"), "API:\r\n  Port: 77\r\n");
}

TEST(SetInFile, QuotesWhatWouldReadAsSomethingElse) {
  EXPECT_EQ(edited("", "DataDir", "true"), "DataDir: \"true\"\n");
  EXPECT_EQ(edited("", "DataDir", "a # b"), "DataDir: \"a # b\"\n");
  EXPECT_EQ(edited("", "DataDir", "a: b"), "DataDir: \"a: b\"\n");
  EXPECT_EQ(edited("DataDir: \"x # y\"  # z\n", "DataDir", "/y"), "DataDir: /y  # z\n");
}

TEST(SetInFile, RefusesWhatItCannotDoSafely) {
  for (const std::string_view text :
       {"API: {Host: h}\n", "{API: {Host: h}}\n", "API: &a\n  Host: h\nDataDir: *a\n",
        "\"API\\u002e\": 1\nAPI: {Port: 1}\n", "DataDir: |\n  a\n  b\nAPI: {Port: 2}\n"}) {
    const auto result = set_in_file(text, "API.Port", "77");
    ASSERT_FALSE(result) << text << *result;
    EXPECT_TRUE(result.error().code == Code::FailedPrecondition ||
                result.error().code == Code::InvalidArgument)
        << result.error().message;
  }
  EXPECT_EQ(edited("- a\n", "API.Port", "1"), "error: a configuration file is a map of settings");
  EXPECT_EQ(edited("", "API.Prot", "1"),
            "error: unknown setting \"API.Prot\"; did you mean \"API.Port\"?");
  EXPECT_EQ(edited("", "API.Port", "99999"), "error: API.Port: must be at most 65535");
}

}  // namespace
}  // namespace skrei::config
