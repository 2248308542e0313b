// SPDX-License-Identifier: Apache-2.0
#include "config/effective.hpp"

#include <gtest/gtest.h>

#include "json/json.hpp"

namespace skrei::config {
namespace {

TEST(EffectiveSettings, AreATreeWithTypes) {
  const auto config = Config::load(
      {.assignments = {"API.Port=4321", "Labels=zone=a,disk=ssd", "Publishers.Disabled=s3,local"}});
  ASSERT_TRUE(config) << config.error().message;

  const json::Value tree = effective_json(config->explain_all());

  EXPECT_EQ(tree["API"]["Port"], 4321);
  EXPECT_EQ(tree["API"]["Host"], config->text("API.Host"));
  EXPECT_TRUE(tree["Orchestrator"]["Enabled"].is_boolean());
  EXPECT_EQ(tree["Labels"]["zone"], "a");
  EXPECT_EQ(tree["Publishers"]["Disabled"], json::Value::array({"s3", "local"}));
}

TEST(EffectiveSettings, AreExplained) {
  const auto config = Config::load({.assignments = {"API.Port=4321"}});
  ASSERT_TRUE(config) << config.error().message;

  for (const json::Value& setting : explained_json(config->explain_all())) {
    if (setting["Key"] != "API.Port") continue;
    EXPECT_EQ(setting["Value"], "4321");
    EXPECT_NE(setting["Origin"], "default");
    EXPECT_NE(setting["Meaning"], "");
    return;
  }
  FAIL() << "API.Port is not explained";
}

TEST(EffectiveSettings, SecretsAreStarred) {
  EXPECT_TRUE(is_secret("Publishers.Types.S3.SecretKey"));
  EXPECT_TRUE(is_secret("Compute.Auth.Token"));
  EXPECT_FALSE(is_secret("API.Host"));
  const Setting secret{.key = "Compute.Auth.Token"};
  const std::vector<Explanation> settings = {{.setting = &secret, .value = "hunter2"}};
  EXPECT_EQ(effective_json(settings)["Compute"]["Auth"]["Token"], "********");
  EXPECT_EQ(explained_json(settings)[0]["Value"], "********");
}

}  // namespace
}  // namespace skrei::config
