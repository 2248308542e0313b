// SPDX-License-Identifier: Apache-2.0
#include "cli/job_file.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"

namespace skrei::cli {
namespace {

const model::StringMap kVariables = {{"APP_NAME", "a"}, {"APP_", "b"}, {"APPLE", "c"}, {"X", "d"}};

std::vector<std::string> names_for(const std::string& pattern) {
  std::vector<std::string> names;
  const auto matching = matching_variables(pattern, kVariables);
  for (const auto& [name, value] : matching.value_or(model::StringMap()))
    names.push_back(name);
  return names;
}

TEST(TemplateFlags, VariablesMatchByTheirWholeName) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_for("APP_.*"), (Names{"APP_", "APP_NAME"}));
  EXPECT_EQ(names_for("APP_*"), (Names{"APP_", "APP_NAME"}));
  EXPECT_EQ(names_for("APP"), Names());
  EXPECT_EQ(names_for("X|APPLE"), (Names{"APPLE", "X"}));
  EXPECT_EQ(names_for("*"), (Names{"APPLE", "APP_", "APP_NAME", "X"}));
  EXPECT_EQ(matching_variables("[", kVariables).error().code, Code::InvalidArgument);
}

TEST(TemplateFlags, ValuesOfFlagsWinOverTheEnvironment) {
  ::setenv("SKREI_TEST_TEMPLATE", "environment", 1);
  TemplateFlags flags{.environment = "SKREI_TEST_*"};

  EXPECT_EQ(*flags.apply("f", "{{.SKREI_TEST_TEMPLATE}}"), "environment");
  flags.values = {"SKREI_TEST_TEMPLATE=flag=1"};
  EXPECT_EQ(*flags.apply("f", "{{.SKREI_TEST_TEMPLATE}}"), "flag=1");
  ::unsetenv("SKREI_TEST_TEMPLATE");
}

TEST(TemplateFlags, AnErrorTellsBothWaysOut) {
  const auto missing = TemplateFlags().apply("job.yaml", "a: {{.b}}");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::InvalidArgument);
  EXPECT_EQ(missing.error().message, "job.yaml:1:6: no value is given for \"b\"");
  EXPECT_TRUE(missing.error().hint.contains("-V NAME=VALUE"));
  EXPECT_TRUE(missing.error().hint.contains("--no-template"));

  EXPECT_EQ(*(TemplateFlags{.off = true}.apply("job.yaml", "a: {{.b}}")), "a: {{.b}}");
  EXPECT_FALSE((TemplateFlags{.off = true, .values = {"a=b"}}.apply("job.yaml", "")));
}

TEST(JobFile, IsFilledInAndRead) {
  testing::TempDir dir;
  const std::string path = dir.path() / "job.yaml";
  std::ofstream(path) << "Name: {{.name}}\nType: batch\nTusks: []\n";
  std::vector<std::string> unknown;

  const auto job = load_job_file(path, {.values = {"name=counted"}}, unknown);

  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->name, "counted");
  ASSERT_EQ(unknown.size(), 1u);
  EXPECT_TRUE(unknown[0].contains("Tusks"));
  EXPECT_EQ(load_job_file(dir.path() / "none", {}, unknown).error().code, Code::NotFound);
}

}  // namespace
}  // namespace skrei::cli
