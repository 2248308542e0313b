// SPDX-License-Identifier: Apache-2.0
// What every command answers to wrong input. Rows that need a node are
// in tests/e2e/cli_wrong_inputs_test.cpp.

#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"
#include "cli/exit_code.hpp"
#include "cli/manual.hpp"
#include "cli/testing/outcome.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

struct WrongInput {
  /// Behind the words of the command; "$DIR" is a folder with the files below.
  std::vector<std::string> arguments;
  int code;
  /// A part of what is said.
  std::string says;
};

const std::vector<std::string> kNoNode = {"--api-port", "1"};

std::vector<std::string> unreachable(std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.end(), kNoNode.begin(), kNoNode.end());
  return arguments;
}

constexpr std::string_view kNobody = "no node answers at http://127.0.0.1:1";
constexpr const char* kCid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

using Rows = std::map<std::string, std::vector<WrongInput>>;

/// Commands that run something.
Rows rows_of_runs() {
  const std::string nobody(kNobody);
  return {
      {"serve",
       {{{"--api-port", "99999"}, 2, "must be at most 65535"},
        {{"--limit-total-memory", "lots"}, 2, "AllocatedCapacity.Memory"},
        {{"--job-selection-data-locality", "moon"}, 2, "\"moon\""},
        {{"-c", "API.Prot=1"}, 2, "did you mean \"API.Port\""},
        {{"-c", "$DIR/none.yaml"}, 2, "none.yaml"},
        {{"-c", "$DIR/bad.yaml"}, 2, "bad.yaml"},
        {{"--data-dir", "here"}, 2, "here"},
        {{"word"}, 2, "word"}}},
      {"wasm run",
       {{{"$DIR/none.wasm"}, 127, "none.wasm"},
        {{"$DIR/text.wasm"}, 126, "no WebAssembly module"},
        {{"--memory", "lots", "$DIR/app.wasm"}, 2, "--memory"},
        {{"--cpu", "-1", "$DIR/app.wasm"}, 2, "--cpu"},
        {{"--timeout", "soon", "$DIR/app.wasm"}, 2, "--timeout"},
        {{"--count", "0", "$DIR/app.wasm"}, 2, "--count"},
        {{"-e", "novalue", "$DIR/app.wasm"}, 2, "KEY=VALUE"},
        {{"-l", "novalue", "$DIR/app.wasm"}, 2, "KEY=VALUE"},
        {{"-i", "ftp://host/x", "$DIR/app.wasm"}, 2, "ftp://host/x"},
        {{"-i", "$DIR/nowhere", "$DIR/app.wasm"}, 127, "nowhere"},
        {{"-o", "a/b", "$DIR/app.wasm"}, 2, "NAME:/PATH"},
        {{"-p", "s3", "$DIR/app.wasm"}, 2, "--publisher s3"},
        {{"--constraints", "a ~ b", "$DIR/app.wasm"}, 2, "--constraints"},
        {{"--local", "--detach", "$DIR/app.wasm"}, 2, "--local"},
        {unreachable({"$DIR/app.wasm"}), 125, nobody}}},
      {"job run",
       {{{"$DIR/none.yaml"}, 127, "none.yaml"},
        {{"$DIR/bad.yaml"}, 2, "bad.yaml"},
        {{"$DIR/list.yaml"}, 2, "a job file holds one job"},
        {{"$DIR/template.yaml"}, 2, "template.yaml:1:9: no value is given for \"name\""},
        {{"-V", "novalue", "$DIR/template.yaml"}, 2, "--template-vars novalue"},
        {{"-E", "[", "$DIR/template.yaml"}, 2, "--template-envs ["},
        {{"--no-template", "-V", "a=b", "$DIR/template.yaml"}, 2, "--no-template"},
        {{"--wait-timeout-secs", "-1", "$DIR/job.yaml"}, 2, "--wait-timeout-secs"},
        {unreachable({"$DIR/job.yaml"}), 125, nobody},
        {unreachable({"--dry-run", "$DIR/named.yaml"}), 125, nobody}}},
      {"job rerun",
       {{{"--version", "x", "j-1"}, 2, "--version"}, {unreachable({"j-1"}), 125, nobody}}},
      {"job validate",
       {{{"$DIR/none.yaml"}, 2, "none.yaml"},
        {{"$DIR/bad.yaml"}, 2, "bad.yaml"},
        {{"$DIR/empty-job.yaml"}, 2, "ask"},
        {{"$DIR/template.yaml"}, 2, "template.yaml:1:9"}}},
  };
}

/// Commands about jobs that are there.
Rows rows_of_jobs() {
  const std::string nobody(kNobody);
  return {
      {"job list",
       {{{"--limit", "many"}, 2, "many"},
        {{"--limit", "0"}, 2, "--limit"},
        {{"--output", "xml"}, 2, "xml"},
        {{"--order-by", "id"}, 2, "id"},
        {unreachable(), 1, nobody}}},
      {"job describe",
       {{{"--output", "table", "j-1"}, 2, "table"},
        {{"--version", "-1", "j-1"}, 2, "--version"},
        {unreachable({"j-1"}), 1, nobody}}},
      {"job executions",
       {{{"--order-by", "name", "j-1"}, 2, "name"}, {unreachable({"j-1"}), 1, nobody}}},
      {"job history",
       {{{"--event-type", "node", "j-1"}, 2, "node"},
        {{"--since", "yesterday", "j-1"}, 2, "--since"},
        {unreachable({"j-1"}), 1, nobody}}},
      {"job versions", {{{"--limit", "x", "j-1"}, 2, "x"}, {unreachable({"j-1"}), 1, nobody}}},
      {"job logs", {{{"--source", "stdin", "j-1"}, 2, "stdin"}, {unreachable({"j-1"}), 1, nobody}}},
      {"job wait",
       {{{"--any", "--all", "j-1"}, 2, "exclude each other"},
        {{"--timeout", "soon", "j-1"}, 2, "--timeout"},
        {unreachable({"j-1"}), 1, nobody}}},
      {"job stop", {{{"--reason"}, 2, "--reason"}, {unreachable({"--yes", "j-1"}), 1, nobody}}},
      {"job get",
       {{{"--download-timeout-secs", "x", "j-1"}, 2, "--download-timeout-secs"},
        {unreachable({"j-1/outputs"}), 1, nobody}}},
  };
}

/// Content, nodes, settings.
Rows other_rows() {
  const std::string nobody(kNobody);
  return {
      {"data add", {{unreachable({"--data-dir", "$DIR/store", "$DIR/none"}), 1, "none"}}},
      {"data get",
       {{{"bafynonsense"}, 2, "bafynonsense"},
        {unreachable({"--data-dir", "$DIR/none", kCid}), 1, kCid}}},
      {"data cat",
       {{{"bafynonsense"}, 2, "bafynonsense"},
        {unreachable({"--data-dir", "$DIR/none", kCid}), 1, kCid}}},
      {"data ls",
       {{{"bafynonsense"}, 2, "bafynonsense"},
        {unreachable({"--data-dir", "$DIR/none", kCid}), 1, kCid}}},
      {"data stat",
       {{{"bafynonsense"}, 2, "bafynonsense"},
        {unreachable({"--data-dir", "$DIR/none", kCid}), 1, kCid}}},
      {"node list",
       {{{"--filter-status", "asleep"}, 2, "asleep"},
        {{"--order-by", "age"}, 2, "age"},
        {unreachable(), 1, nobody}}},
      {"node describe", {{unreachable({"n-1"}), 1, nobody}}},
      {"agent alive", {{unreachable(), 1, nobody}, {{"--api-host", "http://[x"}, 2, "--api-host"}}},
      {"agent version", {{unreachable(), 1, nobody}}},
      {"agent node", {{unreachable(), 1, nobody}, {{"--output", "csv"}, 2, "csv"}}},
      {"agent config", {{unreachable(), 1, nobody}}},
      {"config list", {{{"-c", "Nope=1"}, 2, "\"Nope\""}, {{"--output", "text"}, 2, "text"}}},
      {"config explain", {{{"API.Prot"}, 2, "did you mean \"API.Port\"?"}}},
      {"config set",
       {{{"API.Prot", "1"}, 2, "did you mean \"API.Port\"?"},
        {{"API.Port", "99999"}, 2, "must be at most 65535"},
        {{"--file", "$DIR/flow.yaml", "API.Port", "1"}, 1, "edit the file by hand"},
        {{"--file", "$DIR/.skrei.yaml", "DataDir", "/x"}, 2, "project's file"},
        {{"--file", "$DIR/text.wasm/x", "API.Port", "1"}, 1, "text.wasm"}}},
      {"completion", {{{"bsh"}, 2, "did you mean \"bash\"?"}, {{"powershell"}, 2, "zsh and fish"}}},
      {"manual", {{{"$DIR/text.wasm"}, 1, "text.wasm"}}},
      {"backup",
       {{{"--verify", "$DIR/none.tar"}, 1, "none.tar"},
        {{"--verify", "$DIR/text.wasm"}, 1, "text.wasm"},
        {unreachable({"--data-dir", "$DIR/none", "$DIR/b.tar"}), 1, "no node keeps its data"}}},
      {"restore",
       {{{"$DIR/none.tar"}, 1, "none.tar"},
        {{"--data-dir", "$DIR/new", "$DIR/text.wasm"}, 1, "text.wasm"}}},
      {"version", {{{"--output", "csv"}, 2, "csv"}}},
  };
}

/// By command. Every one has to be here.
Rows table() {
  Rows all = rows_of_runs();
  all.merge(rows_of_jobs());
  all.merge(other_rows());
  return all;
}

class WrongInputs : public ::testing::Test {
 protected:
  void SetUp() override {
    forget_own_settings(dir_.path() / "home");
    write("text.wasm", "no module at all");
    write("app.wasm", std::string("\0asm\1\0\0\0", 8));
    write("bad.yaml", "Type: batch\nTasks: [\n");
    write("list.yaml", "- 1\n");
    write("flow.yaml", "API: {Host: h}\n");
    write("template.yaml", "Name: {{.name}}\n");
    write("empty-job.yaml", "Type: batch\n");
    const std::string job = "Type: batch\nTasks: [{Name: main, Engine: {Type: noop}}]\n";
    write("job.yaml", job);
    write("named.yaml", "Name: x\n" + job);
  }

  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(dir_.path() / name, std::ios::binary) << bytes;
  }

  Outcome run(std::string_view path, const std::vector<std::string>& arguments) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= path.size();) {
      const std::size_t end = std::min(path.find(' ', at), path.size());
      words.emplace_back(path.substr(at, end - at));
      at = end + 1;
    }
    for (std::string argument : arguments) {
      if (argument.starts_with("$DIR")) argument.replace(0, 4, dir_.path().string());
      words.push_back(std::move(argument));
    }
    return run_here(std::move(words));
  }

  static std::vector<CommandPage> pages() {
    const auto commands = all_commands();
    return command_pages(commands);
  }

  testing::TempDir dir_;
};

TEST_F(WrongInputs, EveryCommandIsInTheTable) {
  const auto rows = table();
  for (const CommandPage& page : pages())
    EXPECT_TRUE(rows.contains(std::string(page.text.path))) << page.text.path << " has no row";
  EXPECT_EQ(rows.size(), pages().size());
}

TEST_F(WrongInputs, EachGetsItsExitCodeAndSentence) {
  for (const auto& [path, rows] : table()) {
    for (const WrongInput& row : rows) {
      SCOPED_TRACE(fmt::format("skrei {} {}", path, fmt::join(row.arguments, " ")));

      const Outcome outcome = run(path, row.arguments);

      EXPECT_EQ(outcome.code, row.code) << outcome.err;
      EXPECT_TRUE(outcome.err.contains(row.says)) << outcome.err;
      EXPECT_TRUE(outcome.err.contains("Error: ")) << outcome.err;
      EXPECT_EQ(outcome.out, "");
    }
  }
}

TEST_F(WrongInputs, JsonErrorsAreJson) {
  std::map<std::string, bool> has_json;
  for (const CommandPage& page : pages()) {
    for (const OptionText& option : page.options) {
      if (option.names.front() == "--output" && !option.choices.empty()) {
        has_json[std::string(page.text.path)] = true;
      }
    }
  }
  for (const auto& [path, rows] : table()) {
    for (const WrongInput& row : rows) {
      if (!has_json[path] || row.arguments.front() == "--output") continue;
      SCOPED_TRACE(fmt::format("skrei {} {}", path, fmt::join(row.arguments, " ")));
      std::vector<std::string> arguments = row.arguments;
      arguments.insert(arguments.begin(), {"--output", "json"});

      const Outcome outcome = run(path, arguments);

      EXPECT_EQ(outcome.code, row.code) << outcome.err;
      // What `job validate` finds is its answer, not an error of its own.
      const auto told = json::parse(path == "job validate" ? outcome.out : outcome.err);
      ASSERT_TRUE(told) << outcome.err;
      if (path == "job validate") continue;
      EXPECT_FALSE((*told)["error"]["code"].get<std::string>().empty());
      EXPECT_TRUE((*told)["error"]["message"].get<std::string>().contains(row.says) ||
                  (*told)["error"].value("hint", "").contains(row.says))
          << outcome.err;
    }
  }
}

TEST_F(WrongInputs, AWrongFlagGetsTheNearestRightOne) {
  for (const CommandPage& page : pages()) {
    SCOPED_TRACE(page.text.path);
    const Outcome unknown = run(page.text.path, {"--zzzzqqqq"});
    EXPECT_EQ(unknown.code, kExitUsage);
    EXPECT_TRUE(unknown.err.contains("--zzzzqqqq")) << unknown.err;
    EXPECT_TRUE(unknown.err.contains("--help")) << unknown.err;
    for (const OptionText& option : page.options) {
      const std::string name = option.is_argument ? "--api-host" : option.names.back();
      if (name.size() < 6 || name.starts_with("--no-")) continue;
      // Its last two letters swapped.
      std::string typo = name;
      std::swap(typo[typo.size() - 1], typo[typo.size() - 2]);
      if (typo == name) continue;
      const Outcome wrong = run(page.text.path, {typo});
      EXPECT_EQ(wrong.code, kExitUsage) << typo;
      EXPECT_TRUE(wrong.err.contains(fmt::format("did you mean \"{}\"?", name)))
          << typo << ": " << wrong.err;
    }
  }
}

TEST_F(WrongInputs, AMissingArgumentIsNamed) {
  for (const CommandPage& page : pages()) {
    for (const OptionText& option : page.options) {
      if (!option.is_required) continue;
      SCOPED_TRACE(page.text.path);
      const Outcome outcome = run(page.text.path, {});
      EXPECT_EQ(outcome.code, kExitUsage);
      EXPECT_TRUE(outcome.err.contains("--help")) << outcome.err;
      break;
    }
  }
}

}  // namespace
}  // namespace skrei::cli
