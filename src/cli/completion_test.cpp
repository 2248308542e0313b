// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"
#include "cli/testing/outcome.hpp"

namespace skrei::cli {
namespace {

using More = Completion::More;

Completion complete_line(std::vector<std::string> words) {
  const auto commands = all_commands();
  return complete(command_pages(commands), std::move(words));
}

std::vector<std::string> words_for(std::vector<std::string> words) {
  std::vector<std::string> result;
  for (const Candidate& one : complete_line(std::move(words)).candidates)
    result.push_back(one.word);
  return result;
}

using Words = std::vector<std::string>;

TEST(Completion, OffersCommandsWordByWord) {
  EXPECT_EQ(words_for({"wa"}), Words{"wasm"});
  EXPECT_EQ(words_for({"job", "ver"}), Words{"versions"});
  EXPECT_EQ(words_for({"job", "v"}), (Words{"validate", "versions"}));
  EXPECT_EQ(words_for({"complet"}), Words{"completion"}) << "hidden ones are not offered";
  EXPECT_EQ(words_for({"nothing", ""}), Words{});
  EXPECT_TRUE(words_for({}).size() > 5);
}

TEST(Completion, OffersFlagsAndTheirValues) {
  EXPECT_EQ(words_for({"job", "list", "--outp"}), Words{"--output"});
  EXPECT_EQ(words_for({"job", "list", "--api-"}), (Words{"--api-host", "--api-port"}));
  EXPECT_EQ(words_for({"job", "list", "--output", "js"}), Words{"json"});
  EXPECT_EQ(words_for({"job", "list", "--output", "=", "js"}), Words{"json"});
  EXPECT_EQ(words_for({"job", "list", "--output=js"}), Words{"--output=json"});
  EXPECT_EQ(words_for({"--api-port", "1", "job", "sto"}), Words{"stop"});
  EXPECT_EQ(complete_line({"job", "list", "--namespace", ""}).more, More::Nothing);
  EXPECT_EQ(complete_line({"job", "get", "--output-dir", ""}).more, More::Files);
  EXPECT_EQ(words_for({"-c", "API.Por"}), Words{"API.Port"});
}

TEST(Completion, KnowsWhatArgumentsAre) {
  EXPECT_EQ(complete_line({"job", "logs", ""}).more, More::Jobs);
  EXPECT_EQ(complete_line({"job", "logs", "--follow", "j-1"}).more, More::Jobs);
  EXPECT_EQ(complete_line({"job", "logs", "j-1", ""}).more, More::Nothing);
  EXPECT_EQ(complete_line({"job", "stop", "j-1", ""}).more, More::Jobs) << "takes several";
  EXPECT_EQ(complete_line({"job", "get", ""}).more, More::Jobs);
  EXPECT_EQ(complete_line({"node", "describe", ""}).more, More::Nodes);
  EXPECT_EQ(complete_line({"job", "run", ""}).more, More::Files);
  EXPECT_EQ(complete_line({"wasm", "run", ""}).more, More::Files);
  EXPECT_EQ(complete_line({"wasm", "run", "a.wasm", "--", ""}).more, More::Files);
  EXPECT_EQ(words_for({"config", "explain", "API.Por"}), Words{"API.Port"});
  EXPECT_EQ(words_for({"completion", ""}), (Words{"bash", "zsh", "fish"}));
  EXPECT_EQ(words_for({"help", "exit"}), Words{"exit-codes"});
  EXPECT_EQ(words_for({"help", "job", "log"}), Words{"logs"});
}

TEST(Completion, EveryShellHasAScriptThatAsks) {
  for (const std::string_view shell : completion_shells()) {
    const std::string script = completion_script(shell);
    EXPECT_TRUE(script.contains("complete -- ")) << shell;
    EXPECT_EQ(run_here({"completion", std::string(shell)}).out, script);
  }
}

TEST(Completion, TheHiddenCommandPrintsAWordAndItsMeaningALine) {
  testing::TempDir dir;
  forget_own_settings(dir.path());

  EXPECT_EQ(run_here({"complete", "--", "config", "exp"}).out,
            "explain\tWhat one setting means, what holds, and where it came from\n");
  EXPECT_EQ(run_here({"complete", "--", "job", "run", ""}).out, ":files\n");
  // Nobody answers there: no ids, no failure.
  const Outcome none = run_here({"complete", "--", "--api-port", "1", "job", "logs", ""});
  EXPECT_EQ(none.code, 0);
  EXPECT_EQ(none.out, "");
}

}  // namespace
}  // namespace skrei::cli
