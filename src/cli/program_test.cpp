// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/testing/outcome.hpp"

namespace skrei::cli {
namespace {

class ListCommand final : public Command {
 public:
  CommandText text() const override {
    return {"thing list", "List the things", "  skrei thing list --limit 3   # three of them\n"};
  }
  void declare(Options& options) override {
    options.number("-n,--limit", limit_, 1, 100, "At most so many");
  }
  int run(Context& context) override {
    context.io().line(fmt::format("limit {}", limit_));
    return kExitOk;
  }

 private:
  std::int64_t limit_ = 10;
};

class RunCommand final : public Command {
 public:
  CommandText text() const override {
    return {"thing run", "Run a thing", "  skrei thing run x\n"};
  }
  void declare(Options& options) override {
    options.flag("-d,--detach", detach_, "Do not wait");
    options.list("-i,--input", inputs_, "PATH", "What it reads");
    options.program_and_arguments("THING [ARGUMENT…]", words_, "The thing and its arguments");
  }
  int run(Context& context) override {
    for (const std::string& word : words_)
      context.io().line(word);
    return detach_ ? 7 : kExitOk;
  }

 private:
  bool detach_ = false;
  std::vector<std::string> inputs_;
  std::vector<std::string> words_;
};

Outcome run(const std::vector<std::string>& arguments) {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<ListCommand>());
  commands.push_back(std::make_unique<RunCommand>());
  return run_here(arguments, commands);
}

TEST(Program, RunsTheCommandThatIsNamed) {
  EXPECT_EQ(run({"thing", "list"}).out, "limit 10\n");
  EXPECT_EQ(run({"thing", "list", "-n", "3"}).out, "limit 3\n");
  EXPECT_EQ(run({"--api-port", "1", "thing", "list", "--api-host", "h"}).code, kExitOk);
}

TEST(Program, WhatFollowsTwoDashesBelongsToTheProgram) {
  const Outcome outcome = run({"thing", "run", "x.wasm", "a", "-d", "--", "-d", "--limit", "-h"});
  EXPECT_EQ(outcome.code, 7);
  EXPECT_EQ(outcome.out, "x.wasm\na\n-d\n--limit\n-h\n");
  EXPECT_EQ(run({"thing", "run", "-i", "a", "-i", "b", "x.wasm"}).out, "x.wasm\n");
  EXPECT_EQ(run({"-c", "a=b", "thing", "run", "x.wasm"}).out, "x.wasm\n");
  EXPECT_EQ(run({"thing", "run", "--", "x.wasm", "--"}).out, "x.wasm\n--\n");
  EXPECT_EQ(run({"thing", "run"}).code, kExitUsage);
  EXPECT_EQ(run({"thing", "run", "x.wasm", "--limit"}).code, kExitUsage);
  EXPECT_EQ(run({"thing", "list", "--", "x"}).code, kExitUsage);
}

TEST(Program, WrongUsageIsOneSentenceAndTheNextStep) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"thin", "list"},
                                             {"thing", "lsit"},
                                             {"thing", "list", "--limt", "3"},
                                             {"thing", "list", "--limit", "x"},
                                             {"thing", "list", "--limit", "1000"},
                                             {"thing"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kExitUsage);
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.err.starts_with("Error: ")) << outcome.err;
    EXPECT_NE(outcome.err.find("--help"), std::string::npos) << outcome.err;
  }
  EXPECT_NE(run({"thin", "list"}).err.find("did you mean \"thing\"?"), std::string::npos);
  EXPECT_NE(run({"thing", "lsit"}).err.find("did you mean \"list\"?"), std::string::npos);
  EXPECT_NE(run({"thing", "list", "--limt", "3"}).err.find("did you mean \"--limit\"?"),
            std::string::npos);
}

TEST(Program, HelpShowsExamplesFirstAndGoesToStdout) {
  const Outcome outcome = run({"thing", "list", "--help"});
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_LT(outcome.out.find("Examples:"), outcome.out.find("--limit"));
  EXPECT_NE(run({"--help"}).out.find("thing"), std::string::npos);
  EXPECT_NE(run({"thing", "--help"}).out.find("List the things"), std::string::npos);
}

}  // namespace
}  // namespace skrei::cli
