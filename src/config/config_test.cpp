// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/testing/golden.hpp"
#include "base/testing/temp_dir.hpp"
#include "config/settings.hpp"

namespace skrei::config {
namespace {

std::string error_of(const Sources& sources) {
  const auto config = Config::load(sources);
  return config ? "" : config.error().message;
}

File file(std::string text) {
  return {.name = "config.yaml", .text = std::move(text)};
}

TEST(SettingsTable, EveryDefaultIsValidAndEveryRowIsWhole) {
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(check_value(setting, setting.initial)) << setting.key;
    EXPECT_TRUE(setting.meaning.ends_with('.')) << setting.key;
    EXPECT_EQ(setting.kind == Kind::Word, !setting.choices.empty()) << setting.key;
    EXPECT_TRUE(setting.flag.empty() || setting.flag.starts_with("--")) << setting.key;
  }
}

TEST(SettingsTable, TheFlagsOfTheOverviewPageAreThere) {
  for (const std::string_view flag :
       {"--api-host", "--api-port", "--limit-job-cpu", "--limit-job-gpu", "--limit-job-memory",
        "--limit-total-cpu", "--limit-total-gpu", "--limit-total-memory",
        "--job-selection-data-locality", "--job-selection-probe-exec", "--job-selection-probe-http",
        "--job-selection-reject-stateless"}) {
    EXPECT_TRUE(std::ranges::any_of(settings(), [&](const Setting& setting) {
      return setting.flag == flag;
    })) << flag;
  }
}

TEST(SettingsTable, ReferencePageIsUpToDate) {
  EXPECT_TRUE(testing::matches_golden("docs/reference/settings.md", reference_page()));
}

TEST(Config, DefaultsFollowThePageAndAreSafe) {
  const auto config = Config::load({});

  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->text("API.Host"), "127.0.0.1");
  EXPECT_EQ(config->whole("api.port"), 1234);
  EXPECT_EQ(config->text("JobAdmissionControl.Locality"), "local");
  EXPECT_EQ(config->time("Orchestrator.Lease"), std::chrono::seconds(30));
  EXPECT_EQ(config->share("Compute.AllocatedCapacity.CPU").of(4000), 3200u);
  EXPECT_TRUE(config->list("Engines.Disabled").empty());
}

TEST(Config, LaterLayersWin) {
  Sources sources;
  const auto port = [&] {
    return Config::load(sources)->whole("API.Port");
  };

  sources.user_file = file("API: {Port: 1}");
  EXPECT_EQ(port(), 1);
  sources.project_file = file("api: {port: 2}");
  EXPECT_EQ(port(), 2);
  sources.given_files = {file("API.Port: 3"), file("API: {Port: 4}")};
  EXPECT_EQ(port(), 4);
  sources.environment["BACALHAU_API_PORT"] = "5";
  EXPECT_EQ(port(), 5);
  sources.environment["SKREI_API_PORT"] = "6";
  EXPECT_EQ(port(), 6);
  sources.assignments = {"API.Port=7"};
  EXPECT_EQ(port(), 7);
}

TEST(Config, ExplainsWhereAValueCameFrom) {
  Sources sources;
  sources.user_file = file("Labels: {zone: a, tier: b}");
  sources.environment["SKREI_LOGGING_LEVEL"] = "debug";
  sources.flags = {{"API.Port", "99"}};
  sources.assignments = {"API.Open"};

  const auto config = Config::load(sources);

  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->explain("labels")->value, "tier=b,zone=a");
  EXPECT_EQ(config->explain("labels")->origin, "config.yaml");
  EXPECT_EQ(config->explain("Logging.Level")->origin, "environment variable SKREI_LOGGING_LEVEL");
  EXPECT_EQ(config->explain("API.Port")->origin, "flag --api-port");
  EXPECT_EQ(config->explain("API.Open")->origin, "-c API.Open");
  EXPECT_TRUE(config->flag("API.Open"));
  EXPECT_EQ(config->explain("DataDir")->origin, "default");
  EXPECT_EQ(config->explain("API.Prot").error().message,
            "unknown setting \"API.Prot\"; did you mean \"API.Port\"?");
  EXPECT_EQ(config->explain_all().size(), settings().size());
}

TEST(Config, TellsEverythingThatIsWrong) {
  Sources sources;
  sources.user_file = file("API: {Port: 99999, Hots: x}\nCompute: 7\n");
  sources.environment["SKREI_LOGGING_LEVEL"] = "inof";
  sources.assignments = {"Nope=1"};

  EXPECT_EQ(error_of(sources),
            "config.yaml: unknown setting \"API.Hots\"; did you mean \"API.Host\"?\n"
            "API.Port: must be at most 65535 (config.yaml)\n"
            "config.yaml: unknown setting \"Compute\"\n"
            "Logging.Level: \"inof\" is not debug, info, warn or error; did you mean \"info\"? "
            "(environment variable SKREI_LOGGING_LEVEL)\n"
            "-c Nope=1: unknown setting \"Nope\"");
}

TEST(Config, RefusesAFlagGivenInTwoWays) {
  Sources sources;
  sources.flags = {{"API.Port", "1"}};
  sources.assignments = {"API.Port=2"};

  EXPECT_EQ(error_of(sources),
            "API.Port is given twice: by flag --api-port and by -c; leave one out");
}

TEST(Config, AProjectFileSetsClientKeysOnly) {
  Sources sources;
  sources.project_file = file("API: {Port: 8}\nDataDir: /tmp/x\n");

  const auto config = Config::load(sources);

  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->whole("API.Port"), 8);
  EXPECT_EQ(config->text("DataDir"), "~/.skrei");
  ASSERT_EQ(config->warnings().size(), 1u);
  EXPECT_TRUE(config->warnings()[0].contains("DataDir is ignored")) << config->warnings()[0];
}

TEST(Config, ForeignKeysAreHarmlessOrRefused) {
  Sources sources;
  sources.user_file = file("WebUI: {Backend: x}\nNameProvider: puuid\n");
  EXPECT_EQ(Config::load(sources)->warnings().size(), 2u);

  sources.user_file = file("API: {Auth: {Users: [{Alias: x}]}}");
  EXPECT_EQ(error_of(sources),
            "config.yaml: setting \"API.Auth.Users\" is one of Bacalhau that Skrei does not have");
}

TEST(Config, ValuesAreCheckedByKind) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"API.Open", "maybe"},
      {"API.Port", "12x"},
      {"API.Port", "-1"},
      {"API.Port", ""},
      {"API.MaxBody", "1KiB"},
      {"API.MaxBody", "10 parsecs"},
      {"Orchestrator.Lease", "30"},
      {"Orchestrator.Lease", "100ms"},
      {"Compute.AllocatedCapacity.CPU", "120%"},
      {"Compute.AllocatedCapacity.Memory", "-5"},
      {"Compute.AllocatedCapacity.GPU", "1.5"},
      {"Engines.Disabled", "a,,b"},
      {"Labels", "a"},
      {"Labels", "a=1,a=2"},
      {"JobDefaults.Batch.Task.Resources.CPU", "much"},
  };
  for (const auto& [key, text] : cases) {
    const auto result = check_value(*find_setting(key), text);
    ASSERT_FALSE(result) << key << " = " << text;
    EXPECT_EQ(result.error().code, Code::InvalidArgument);
    EXPECT_TRUE(result.error().message.starts_with(key)) << result.error().message;
  }
}

TEST(Config, AProjectFileThatOthersMayWriteIsIgnored) {
  const testing::TempDir dir;
  const auto path = dir.path() / ".skrei.yaml";
  std::vector<std::string> warnings;
  EXPECT_FALSE(*read_project_file(path, warnings));

  std::ofstream(path) << "API: {Port: 9}\n";
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_EQ((*read_project_file(path, warnings))->text, "API: {Port: 9}\n");
  EXPECT_TRUE(warnings.empty());

  ASSERT_EQ(::chmod(path.c_str(), 0646), 0);
  EXPECT_FALSE(*read_project_file(path, warnings));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(warnings[0].ends_with("everybody may write it"));
  EXPECT_EQ(read_config_file(dir.path() / "none").error().code, Code::NotFound);
}

TEST(NodeSettings, ReadEveryKeyAndReplaceTheHomeFolder) {
  const auto node = node_settings(*Config::load({}), "/home/u");

  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(node->data_dir, "/home/u/.skrei");
  EXPECT_FALSE(node->labels.contains("name"));
  EXPECT_EQ(node->api.body_bytes_max, 10u << 20);
  EXPECT_EQ(node->orchestrator.job_defaults.batch.resources.cpu, "500m");
  EXPECT_EQ(node->compute.log_head_bytes + node->compute.log_tail_bytes, 64u << 20);
  EXPECT_EQ(node->compute.admission.locality, Locality::Local);
}

TEST(NodeSettings, TheNodesNameIsALabel) {
  Sources sources;
  sources.flags = {{"NodeName", "rack-7.a"}};
  sources.assignments = {"Labels=zone=a,name=other"};

  const auto node = node_settings(*Config::load(sources), "/h");

  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(node->labels.at("name"), "rack-7.a");
  EXPECT_EQ(node->labels.at("zone"), "a");
}

TEST(NodeSettings, RefuseWhatDoesNotFitTogether) {
  for (const std::string_view assignment :
       {"Compute.Heartbeat.Interval=20s", "Orchestrator.Retry.DelayMin=2m",
        "Orchestrator.Blame.NodeAsideMin=1h", "DataDir=here", "NodeName=two words"}) {
    Sources sources;
    sources.assignments = {std::string(assignment)};
    const auto config = Config::load(sources);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_FALSE(node_settings(*config, "/h")) << assignment;
  }
}

}  // namespace
}  // namespace skrei::config
