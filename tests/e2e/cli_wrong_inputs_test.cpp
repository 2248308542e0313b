// SPDX-License-Identifier: Apache-2.0
// Wrong input that only a node can tell: ids that nobody has, jobs in the wrong state. The rows
// that need no node are in src/cli/wrong_inputs_test.cpp, which also checks that no command is
// forgotten.

#include <fstream>

#include "testing/cli_run.hpp"
#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

struct WrongInput {
  std::vector<std::string> arguments;
  int code;
  std::string says;
};

/// A CID of content that nobody has.
constexpr const char* kUnknownCid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

class CliWrongInputs : public NodeTest {
 protected:
  CliResult skrei(std::vector<std::string> arguments) {
    CliRun run{.arguments = std::move(arguments), .home = dir_.path(), .port = node_.port()};
    return value(runner_.run(run_cli(runner_.loop(), std::move(run))));
  }

  void check(const std::vector<WrongInput>& rows) {
    for (const WrongInput& row : rows) {
      SCOPED_TRACE(fmt::format("skrei {}", fmt::join(row.arguments, " ")));

      const CliResult result = skrei(row.arguments);

      EXPECT_EQ(result.exit_code, row.code) << result.err;
      EXPECT_TRUE(result.err.contains(row.says)) << result.err;
      EXPECT_TRUE(result.err.contains("Error: ")) << result.err;
      EXPECT_EQ(result.out, "");
    }
  }
};

TEST_F(CliWrongInputs, IdsThatNobodyHas) {
  check({{{"job", "describe", "j-nothing"}, 1, "j-nothing"},
         {{"job", "executions", "j-nothing"}, 1, "j-nothing"},
         {{"job", "history", "j-nothing"}, 1, "j-nothing"},
         {{"job", "versions", "j-nothing"}, 1, "j-nothing"},
         {{"job", "logs", "j-nothing"}, 1, "j-nothing"},
         {{"job", "logs", "--tail", "j-nothing"}, 1, "j-nothing"},
         {{"job", "wait", "j-nothing"}, 1, "j-nothing"},
         {{"job", "stop", "--yes", "j-nothing"}, 1, "j-nothing"},
         {{"job", "get", "j-nothing/outputs"}, 1, "j-nothing"},
         {{"job", "rerun", "j-nothing"}, 1, "j-nothing"},
         {{"job", "describe", "--namespace", "other", "none"}, 1, "none"},
         {{"node", "describe", "n-nothing"}, 1, "n-nothing"},
         {{"data", "cat", kUnknownCid}, 1, kUnknownCid},
         {{"data", "get", kUnknownCid}, 1, kUnknownCid},
         {{"data", "ls", kUnknownCid}, 1, kUnknownCid},
         {{"data", "stat", kUnknownCid}, 1, kUnknownCid}});
}

TEST_F(CliWrongInputs, WordsThatTheNodeRefuses) {
  std::ofstream(dir_.path() / "job.yaml")
      << "Type: batch\nTasks: [{Name: main, Engine: {Type: x}}]\n";
  check({{{"job", "list", "--labels", "a ~ b"}, 2, "a ~ b"},
         {{"job", "list", "--next-token", "nonsense"}, 2, "token"},
         {{"node", "list", "--labels", "a ~ b"}, 2, "a ~ b"},
         {{"job", "run", "job.yaml"}, 3, "does not support x"}});
}

TEST_F(CliWrongInputs, JsonErrorsOfTheNodeAreJson) {
  const CliResult result = skrei({"job", "describe", "j-nothing", "--output", "json"});

  EXPECT_EQ(result.exit_code, 1);
  const auto told = json::parse(result.err);
  ASSERT_TRUE(told) << result.err;
  EXPECT_EQ((*told)["error"]["code"], "NotFound") << result.err;
  EXPECT_TRUE((*told)["error"]["message"].get<std::string>().contains("j-nothing")) << result.err;
}

TEST_F(CliWrongInputs, AResultThatIsNotThereAndATargetThatIs) {
  const CliResult ran =
      skrei({"wasm", "run", "--json", std::filesystem::path(SKREI_TEST_MODULES_DIR) / "noop.wasm"});
  const auto ending = json::parse(ran.out);
  ASSERT_TRUE(ending) << ran.out << ran.err;
  const std::string id = (*ending)["job_id"];
  const std::string cid = add("hello");
  EXPECT_EQ(skrei({"data", "get", cid, "--output-dir", "full"}).exit_code, 0);

  check({{{"job", "get", id}, 1, "published no result"},
         {{"data", "get", cid, "--output-dir", "full"}, 1, "full"},
         {{"job", "logs", "--execution-id", "e-nothing", id}, 1, "e-nothing"},
         {{"job", "describe", "--version", "77", id}, 1, "77"}});
}

}  // namespace
}  // namespace skrei::e2e
