// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/command.hpp"

namespace skrei::cli {
namespace {

TEST(Commands, EachHasAPathASummaryAndExamplesThatNameIt) {
  std::set<std::string_view> paths;
  for (const auto& command : all_commands()) {
    const CommandText text = command->text();
    EXPECT_TRUE(paths.insert(text.path).second) << text.path << " is there twice";
    EXPECT_FALSE(text.summary.empty()) << text.path;
    EXPECT_FALSE(text.summary.ends_with('.')) << text.path;
    EXPECT_NE(text.examples.find(fmt::format("skrei {}", text.path)), std::string_view::npos)
        << text.path;
    EXPECT_TRUE(text.examples.ends_with('\n')) << text.path;
  }
  EXPECT_TRUE(paths.contains("wasm run"));
  EXPECT_TRUE(paths.contains("serve"));
}

}  // namespace
}  // namespace skrei::cli
