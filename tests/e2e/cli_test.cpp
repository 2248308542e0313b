// SPDX-License-Identifier: Apache-2.0
// The command line as a script sees it: exit codes, exact bytes on stdout, talk on stderr.

#include <fstream>

#include "testing/cli_run.hpp"
#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""s;
namespace fs = std::filesystem;

/// CID of "hello world" without newline as one raw leaf, as `ipfs add --cid-version 1` gives it.
constexpr const char* kHelloWorldCid =
    "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

class Cli : public NodeTest {
 protected:
  static fs::path module(const std::string& name) {
    return fs::path(SKREI_TEST_MODULES_DIR) / name;
  }

  CliResult skrei(std::vector<std::string> arguments) { return run(std::move(arguments), true); }
  CliResult skrei_without_node(std::vector<std::string> arguments) {
    return run(std::move(arguments), false);
  }

  fs::path write(const std::string& name, const std::string& bytes) {
    const fs::path path = dir_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::string trimmed(std::string text) {
    while (!text.empty() && text.back() == '\n')
      text.pop_back();
    return text;
  }

 private:
  CliResult run(std::vector<std::string> arguments, bool with_node) {
    CliRun run{.arguments = std::move(arguments), .home = dir_.path()};
    if (with_node) run.port = node_.port();
    return value(runner_.run(run_cli(runner_.loop(), std::move(run))));
  }
};

class CliWithoutNode : public Cli {
 protected:
  void SetUp() override {}
};

TEST_F(Cli, WasmRunHandsTheExitCodeThrough) {
  EXPECT_EQ(skrei({"wasm", "run", module("exit_code.wasm"), "--", "42"}).exit_code, 42);
  EXPECT_EQ(skrei({"wasm", "run", module("noop.wasm")}).exit_code, 0);
}

TEST_F(Cli, StdoutIsExactlyWhatTheProgramWrote) {
  std::string up;
  for (int value = 0; value < 256; ++value)
    up += static_cast<char>(value);

  const CliResult result = skrei({"wasm", "run", module("bytes.wasm")});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, up);
  EXPECT_TRUE(result.err.contains(std::string(up.rbegin(), up.rend())));
}

TEST_F(Cli, AFolderGoesInAndItsResultCanBeFetched) {
  write("in/a", "first\n");
  write("in/deep/b", "second\n");

  const CliResult ran = skrei({"wasm", "run", "--json", "-i", "in:/inputs", "-o",
                               "outputs:/outputs", module("cat.wasm"), "--", "/inputs"});

  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const auto ending = json::parse(ran.out);
  ASSERT_TRUE(ending) << ran.out;
  EXPECT_EQ((*ending)["exit_origin"], "job") << ran.out;
  ASSERT_EQ((*ending)["results"].size(), 1u) << ran.out;
  const std::string id = (*ending)["job_id"];
  const CliResult fetched = skrei({"job", "get", id, "--output-dir", "fetched"});
  EXPECT_EQ(fetched.exit_code, 0) << fetched.err;
  EXPECT_EQ(read(dir_.path() / "fetched/stdout"), "first\nsecond\n");
}

TEST_F(Cli, WhatCannotRunHasItsExitCodeAndSentence) {
  write("text.wasm", "no module at all");
  struct Case {
    std::vector<std::string> arguments;
    int exit_code;
    std::string says;
  };
  const std::vector<Case> cases = {
      {{"wasm", "run", "text.wasm"}, 126, "text.wasm"},
      {{"wasm", "run", "missing.wasm"}, 127, "missing.wasm"},
      {{"wasm", "run", module("trap.wasm")}, 125, "unreachable"},
      {{"wasm", "run", "--timeout", "1", module("spin.wasm")}, 124, "1s"},
      {{"wasm", "run", "-i", "nowhere:/inputs", module("noop.wasm")}, 127, "nowhere"},
      {{"wasm", "run", "--memory", "9999999GB", module("noop.wasm")}, 3, "memory"},
      {{"job", "describe", "j-nothing"}, 1, "j-nothing"},
      {{"data", "cat", "bafynonsense"}, 2, "bafynonsense"},
  };
  for (const Case& wrong : cases) {
    const CliResult result = skrei(wrong.arguments);
    EXPECT_EQ(result.exit_code, wrong.exit_code) << fmt::format("{}\n{}", wrong.says, result.err);
    EXPECT_TRUE(result.err.contains(wrong.says)) << result.err;
  }
}

TEST_F(CliWithoutNode, WrongWordsAreUsageErrors) {
  const std::vector<std::vector<std::string>> wrong = {
      {"wsam", "run"},
      {"wasm", "rnu"},
      {"wasm", "run"},
      {"wasm", "run", "--no-such-flag", "x.wasm"},
      {"wasm", "run", "--memory", "lots", "x.wasm"},
      {"wasm", "run", "-e", "novalue", "x.wasm"},
      {"wasm", "run", "-i", "ftp://host/x", "x.wasm"},
      {"job", "list", "--limit", "many"},
      {"job", "list", "--output", "xml"},
      {"serve", "--api-port", "99999"},
      {"serve", "-c", "No.Such.Key=1"},
  };
  for (const auto& arguments : wrong) {
    const CliResult result = skrei_without_node(arguments);
    EXPECT_EQ(result.exit_code, 2) << fmt::format("{}", fmt::join(arguments, " ")) << result.err;
    EXPECT_FALSE(result.err.empty()) << fmt::format("{}", fmt::join(arguments, " "));
    EXPECT_EQ(result.out, "") << fmt::format("{}", fmt::join(arguments, " "));
  }
}

TEST_F(CliWithoutNode, WithoutANodeItSaysHowToStartOne) {
  const CliResult result = skrei_without_node({"--api-port", "1", "job", "list"});

  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_TRUE(result.err.contains("127.0.0.1:1")) << result.err;
  EXPECT_TRUE(result.err.contains("skrei serve")) << result.err;
}

TEST_F(Cli, ADetachedJobIsFollowedByTheJobCommands) {
  const CliResult detached = skrei({"wasm", "run", "--detach", module("sleep.wasm"), "--", "0.5"});
  ASSERT_EQ(detached.exit_code, 0) << detached.err;
  const std::string id = trimmed(detached.out);
  ASSERT_TRUE(id.starts_with("j-")) << detached.out;

  EXPECT_EQ(skrei({"job", "wait", id}).exit_code, 0);
  EXPECT_EQ(skrei({"job", "logs", id}).out, "sleeping\nwoke up\n");
  EXPECT_TRUE(skrei({"job", "list", "--output", "id"}).out.contains(id));
  EXPECT_TRUE(skrei({"job", "describe", id}).out.contains("Completed"));
  EXPECT_TRUE(skrei({"job", "executions", id}).out.contains("Completed"));
  EXPECT_FALSE(skrei({"job", "history", id}).out.empty());
  for (const std::vector<std::string>& list :
       std::vector<std::vector<std::string>>{{"job", "list"},
                                             {"job", "describe", id},
                                             {"job", "executions", id},
                                             {"job", "history", id},
                                             {"node", "list"},
                                             {"version"},
                                             {"agent", "version"},
                                             {"agent", "alive"}}) {
    std::vector<std::string> arguments = list;
    arguments.insert(arguments.end(), {"--output", "json"});
    const CliResult result = skrei(arguments);
    EXPECT_EQ(result.exit_code, 0) << fmt::format("{}: {}", fmt::join(list, " "), result.err);
    EXPECT_TRUE(json::parse(result.out)) << fmt::format("{}: {}", fmt::join(list, " "), result.out);
  }
}

TEST_F(Cli, IdOnlyPrintsTheIdAlone) {
  const CliResult result = skrei({"wasm", "run", "--id-only", module("noop.wasm")});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ended(trimmed(result.out)).state(), "Completed");
}

TEST_F(Cli, ARunningJobIsStopped) {
  const std::string id =
      trimmed(skrei({"wasm", "run", "--detach", module("sleep.wasm"), "--", "3600"}).out);
  wait_running(id);

  EXPECT_EQ(skrei({"job", "stop", id}).exit_code, 2) << "nobody to ask";
  EXPECT_EQ(skrei({"job", "stop", "--yes", id}).exit_code, 0);
  EXPECT_EQ(ended(id).state(), "Stopped");
  EXPECT_NE(skrei({"job", "wait", id}).exit_code, 0);
}

TEST_F(Cli, AJobFileIsRun) {
  const std::string cid = add_module("exit_code.wasm");
  write("job.yaml", fmt::format("Type: batch\nTasks:\n  - Name: main\n    Engine:\n"
                                "      Type: wasm\n      Params:\n"
                                "        EntryModule: /main.wasm\n        Parameters: [\"5\"]\n"
                                "    InputSources:\n      - Target: /main.wasm\n"
                                "        Source:\n          Type: ipfs\n"
                                "          Params: {{CID: {}}}\n",
                                cid));

  EXPECT_EQ(skrei({"job", "run", "job.yaml"}).exit_code, 5);
  write("bad.yaml", "Type: batch\nTasks: [\n");
  const CliResult bad = skrei({"job", "run", "bad.yaml"});
  EXPECT_EQ(bad.exit_code, 2) << bad.err;
  EXPECT_TRUE(bad.err.contains("bad.yaml")) << bad.err;
}

TEST_F(Cli, AJobFileIsATemplate) {
  const std::string job =
      "{{if .loud}}Name: {{.name}}{{end}}\nType: batch\nTasks:\n  - Name: main\n    Engine:\n"
      "      Type: wasm\n      Params: {EntryModule: /main.wasm, Parameters: [\"{{.code}}\"]}\n"
      "    InputSources:\n      - Target: /main.wasm\n"
      "        Source: {Type: ipfs, Params: {CID: {{.cid}}}}\n";
  write("job.yaml", job);
  const std::string cid = add_module("exit_code.wasm");

  const CliResult ran = skrei({"job", "run", "-V", "loud=1", "-V", "name=templated", "-V", "code=5",
                               "-V", "cid=" + cid, "job.yaml"});
  const CliResult missing = skrei({"job", "run", "-V", "loud=", "job.yaml"});
  const CliResult valid = skrei_without_node(
      {"job", "validate", "-V", "loud=", "-V", "code=1", "-V", "cid=" + cid, "job.yaml"});

  EXPECT_EQ(ran.exit_code, 5) << ran.err;
  EXPECT_TRUE(skrei({"job", "describe", "templated"}).out.contains("templated"));
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_TRUE(missing.err.contains("job.yaml:7:57: no value is given for \"code\"")) << missing.err;
  EXPECT_EQ(valid.exit_code, 0) << valid.err;
  EXPECT_EQ(valid.out, "OK\n");
}

TEST_F(Cli, AJobHasVersionsAndIsRunAgain) {
  json::Value job = wasm_job(add_module("noop.wasm"));
  job["Name"] = "daily";
  write("job.yaml", json::dump(job));
  job["Labels"] = {{"team", "sea"}};
  write("changed.yaml", json::dump(job));

  EXPECT_TRUE(skrei({"job", "run", "--dry-run", "job.yaml"}).out.contains("new one"));
  EXPECT_EQ(skrei({"job", "run", "job.yaml"}).exit_code, 0);
  const CliResult same = skrei({"job", "run", "job.yaml"});
  const CliResult forced = skrei({"job", "run", "--force", "job.yaml"});
  const CliResult diff = skrei({"job", "run", "--dry-run", "changed.yaml"});
  const CliResult rerun = skrei({"job", "rerun", "--version", "1", "daily"});

  EXPECT_EQ(same.exit_code, 125) << same.err;
  EXPECT_TRUE(same.err.contains("orce")) << same.err;
  EXPECT_EQ(forced.exit_code, 0) << forced.err;
  EXPECT_EQ(diff.exit_code, 0) << diff.err;
  EXPECT_TRUE(diff.out.contains("team")) << diff.out;
  EXPECT_EQ(rerun.exit_code, 0) << rerun.err;
  EXPECT_TRUE(rerun.err.contains("Version 3 of j-")) << rerun.err;
  EXPECT_EQ(skrei({"job", "run", "--dry-run", "job.yaml"}).out, "");
  const std::string versions = skrei({"job", "versions", "--output", "id", "daily"}).out;
  EXPECT_EQ(versions.size(), 6u) << versions;
  for (const char* version : {"1", "2", "3"}) {
    EXPECT_TRUE(versions.contains(version)) << versions;
    EXPECT_TRUE(
        skrei({"job", "describe", "--version", version, "daily"}).out.contains("Completed"));
    EXPECT_EQ(skrei({"job", "executions", "-v", version, "--output", "id", "daily"}).out.size(),
              skrei({"job", "executions", "--output", "id", "daily"}).out.size());
  }
}

TEST_F(Cli, ARepeatWithTheSameKeyIsTheSameJob) {
  write("job.yaml", json::dump(wasm_job(add_module("noop.wasm"))));
  const std::vector<std::string> words = {"job",  "run",     "--id-only", "--idempotency-key",
                                          "mine", "job.yaml"};

  const CliResult first = skrei(words);
  const CliResult second = skrei(words);

  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.out, second.out);
}

TEST_F(Cli, TheEndOfARunCanTellNodesAndEvents) {
  const CliResult result =
      skrei({"wasm", "run", "--node-details", "--group-events", module("noop.wasm")});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.contains("EXECUTION")) << result.err;
  EXPECT_TRUE(result.err.contains("Execution e-")) << result.err;
}

TEST_F(Cli, NodesAreDescribed) {
  const std::string id = trimmed(skrei({"node", "list", "--output", "id"}).out);

  const CliResult described = skrei({"node", "describe", id.substr(0, 10)});

  EXPECT_EQ(described.exit_code, 0) << described.err;
  EXPECT_TRUE(described.out.contains(id)) << described.out;
  EXPECT_TRUE(described.out.contains("Capacity")) << described.out;
}

TEST_F(Cli, CompletionKnowsTheNodesJobs) {
  const std::string id = trimmed(skrei({"wasm", "run", "--id-only", module("noop.wasm")}).out);

  EXPECT_TRUE(skrei({"complete", "--", "job", "logs", ""}).out.starts_with(id.substr(0, 10)));
  EXPECT_TRUE(skrei({"complete", "--", "job", "logs", id.substr(0, 12)}).out.starts_with(id));
  EXPECT_TRUE(skrei({"complete", "--", "node", "describe", "n-"}).out.starts_with("n-"));
}

TEST_F(CliWithoutNode, SettingsAreWrittenAndExplained) {
  write(".config/skrei/config.yaml", "# mine\nAPI:\n  Host: 127.0.0.1  # loopback\n");

  const CliResult set = skrei_without_node({"config", "set", "api.port", "4321"});
  const CliResult explained = skrei_without_node({"config", "explain", "API.Port"});
  const CliResult listed = skrei_without_node({"config", "list", "--changed", "--output", "id"});

  EXPECT_EQ(set.exit_code, 0) << set.err;
  EXPECT_EQ(read(dir_.path() / ".config/skrei/config.yaml"),
            "# mine\nAPI:\n  Host: 127.0.0.1  # loopback\n  Port: 4321\n");
  EXPECT_TRUE(explained.out.contains("4321")) << explained.out;
  EXPECT_TRUE(explained.out.contains(".config/skrei/config.yaml")) << explained.out;
  EXPECT_EQ(listed.out, "API.Host\nAPI.Port\n");
  const CliResult lost = skrei_without_node({"--api-port", "1", "config", "set", "API.Port", "2"});
  EXPECT_TRUE(lost.err.contains("flag --api-port")) << lost.err;
}

TEST_F(Cli, DataGoesThroughTheNode) {
  write("hello", "hello world");
  write("tree/a", "a\n");
  write("tree/sub/b", "b\n");

  EXPECT_EQ(skrei({"data", "add", "--quiet", "hello"}).out, std::string(kHelloWorldCid) + "\n");
  EXPECT_EQ(skrei({"data", "cat", kHelloWorldCid}).out, "hello world");
  const std::string tree = trimmed(skrei({"data", "add", "--quiet", "tree"}).out);
  EXPECT_TRUE(skrei({"data", "ls", tree}).out.contains("sub"));
  EXPECT_EQ(skrei({"data", "cat", tree + "/sub/b"}).out, "b\n");
  EXPECT_EQ(skrei({"data", "stat", tree}).exit_code, 0);
  EXPECT_EQ(skrei({"data", "get", tree, "--output-dir", "copy"}).exit_code, 0);
  EXPECT_EQ(read(dir_.path() / "copy/a"), "a\n");
  EXPECT_EQ(read(dir_.path() / "copy/sub/b"), "b\n");
}

TEST_F(CliWithoutNode, DataWorksWithoutANode) {
  write("hello", "hello world");
  const std::vector<std::string> store = {"--data-dir", dir_.path() / "own"};
  const auto data = [&](std::vector<std::string> words) {
    words.insert(words.begin(), store.begin(), store.end());
    return skrei_without_node(words);
  };

  const CliResult added = data({"data", "add", "--quiet", "hello"});

  EXPECT_EQ(added.out, std::string(kHelloWorldCid) + "\n") << added.err;
  EXPECT_EQ(data({"data", "cat", kHelloWorldCid}).out, "hello world");
  EXPECT_EQ(data({"data", "stat", kHelloWorldCid}).exit_code, 0);
}

TEST_F(CliWithoutNode, ALocalRunNeedsNoNode) {
  write("in/a", "from here\n");

  const CliResult result = skrei_without_node(
      {"wasm", "run", "--local", "-i", "in:/inputs", module("cat.wasm"), "--", "/inputs"});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "from here\n");
  EXPECT_EQ(
      skrei_without_node({"wasm", "run", "--local", module("exit_code.wasm"), "--", "9"}).exit_code,
      9);
}

TEST_F(CliWithoutNode, HelpIsOnStdout) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--help"}, {"help"}, {"wasm", "run", "--help"}, {"serve", "--help"}}) {
    const CliResult result = skrei_without_node(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(result.out.contains("skrei")) << fmt::format("{}", fmt::join(words, " "));
  }
}

}  // namespace
}  // namespace skrei::e2e
