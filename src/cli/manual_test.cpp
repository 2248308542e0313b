// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/golden.hpp"
#include "base/testing/temp_dir.hpp"
#include "cli/testing/outcome.hpp"

namespace skrei::cli {
namespace {

std::vector<CommandPage> pages() {
  const auto commands = all_commands();
  return command_pages(commands);
}

TEST(Manual, TheReferencePageIsUpToDate) {
  EXPECT_TRUE(testing::matches_golden("docs/reference/cli.md", cli_reference_page(pages())));
}

TEST(Manual, EveryCommandAndTopicHasAPage) {
  const std::vector<ManPage> manual = man_pages(pages());

  EXPECT_EQ(manual.size(), 1 + pages().size() + all_topics().size());
  for (const ManPage& page : manual) {
    EXPECT_TRUE(page.text.starts_with(".TH ")) << page.file_name;
    EXPECT_TRUE(page.text.ends_with('\n')) << page.file_name;
    for (std::size_t at = 0; at < page.text.size(); at = page.text.find('\n', at) + 1) {
      const bool is_request = page.text[at] == '.';
      const bool is_known = page.text.substr(at, 3) == ".TH" || page.text.substr(at, 3) == ".SH" ||
                            page.text.substr(at, 3) == ".TP" || page.text.substr(at, 3) == ".PP" ||
                            page.text.substr(at, 3) == ".nf" || page.text.substr(at, 3) == ".fi";
      EXPECT_TRUE(!is_request || is_known) << page.file_name << ": " << page.text.substr(at, 40);
    }
  }
  const auto run = std::ranges::find(manual, "man1/skrei-job-run.1", &ManPage::file_name);
  ASSERT_NE(run, manual.end());
  EXPECT_TRUE(run->text.contains("\\-\\-dry\\-run"));
  EXPECT_TRUE(run->text.contains(".SH EXAMPLES"));
}

TEST(Manual, ItsCommandWritesThePages) {
  testing::TempDir dir;
  const std::string folder = dir.path() / "man";

  const Outcome outcome = run_here({"manual", folder});

  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::ifstream page(dir.path() / "man/man7/skrei-exit-codes.7");
  std::string line;
  std::getline(page, line);
  EXPECT_EQ(line, ".TH SKREI\\-EXIT\\-CODES 7 \"\" \"Skrei\" \"Skrei Manual\"");
}

TEST(Manual, EveryOptionHasHelpThatReadsWell) {
  for (const CommandPage& page : pages()) {
    for (const OptionText& option : page.options) {
      EXPECT_FALSE(option.help.empty()) << page.text.path << " " << option.names.front();
      EXPECT_LE(option.help.size(), 200u) << page.text.path << " " << option.names.front();
    }
  }
}

TEST(Manual, TopicsAreShownByHelp) {
  for (const Topic& topic : all_topics()) {
    const Outcome outcome = run_here({"help", std::string(topic.name)});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(outcome.out.contains(topic.summary)) << topic.name;
    EXPECT_TRUE(run_here({"--help"}).out.contains(topic.name));
    EXPECT_FALSE(topic.summary.ends_with('.')) << topic.name;
  }
  EXPECT_EQ(find_topic("nothing"), nullptr);
  EXPECT_EQ(run_here({"help", "nothing"}).code, 2);
  EXPECT_FALSE(run_here({"--help"}).out.contains("\n  complete ")) << "it is hidden";
}

TEST(Manual, SynopsisTellsWhatIsNeeded) {
  const auto all = pages();
  const auto of = [&](std::string_view path) {
    return synopsis(*std::ranges::find_if(
        all, [&](const CommandPage& page) { return page.text.path == path; }));
  };
  EXPECT_EQ(of("job stop"), "skrei job stop [FLAGS] JOB…");
  EXPECT_EQ(of("config set"), "skrei config set [FLAGS] KEY VALUE");
  EXPECT_EQ(of("manual"), "skrei manual DIR");
}

}  // namespace
}  // namespace skrei::cli
