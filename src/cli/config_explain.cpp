// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

class ConfigExplain final : public Command {
 public:
  CommandText text() const override {
    return {
        "config explain", "What one setting means, what holds, and where it came from",
        "  skrei config explain API.Port\n"
        "  skrei config explain compute.logs.head --output json\n",
        "Keys may be written in any case. `skrei help configuration` tells which source wins.\n"};
  }

  void declare(Options& options) override {
    options.argument("KEY", key_, "The setting");
    describe_.declare(options);
  }

  int run(Context& context) override {
    Io& io = context.io();
    const auto config = load_config(io, context.globals());
    const auto found =
        config ? config->explain(key_) : Result<config::Explanation>(fail(config.error()));
    if (!found) {
      Error error = found.error();
      if (config && error.hint.empty()) error.hint = "`skrei config list` shows all settings";
      io.complain(error);
      return kExitUsage;
    }
    if (!describe_.print(io, to_json(*found))) print(io, *found);
    return kExitOk;
  }

 private:
  static std::string or_none(std::string_view text) {
    return text.empty() ? "(none)" : std::string(text);
  }

  static json::Value to_json(const config::Explanation& one) {
    const config::Setting& setting = *one.setting;
    return {{"Key", std::string(setting.key)},
            {"Value", one.value},
            {"From", one.origin},
            {"Default", std::string(setting.initial)},
            {"Kind", std::string(config::kind_text(setting.kind))},
            {"Bounds", config::bounds_text(setting)},
            {"Meaning", std::string(setting.meaning)},
            {"Flag", std::string(setting.flag)},
            {"Environment", config::environment_name("SKREI", setting.key)}};
  }

  static void print(Io& io, const config::Explanation& one) {
    const config::Setting& setting = *one.setting;
    const auto field = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) io.line(fmt::format("{:<10}{}", fmt::format("{}:", name), value));
    };
    io.line(fmt::format("{}: {}\n", setting.key, setting.meaning));
    field("Value", or_none(one.value));
    field("From", one.origin);
    field("Default", or_none(setting.initial));
    field("Kind", config::kind_text(setting.kind));
    field("Bounds", config::bounds_text(setting));
    field("Set by", setting.flag);
    field(setting.flag.empty() ? "Set by" : " or by",
          fmt::format("{}, or {} in a file or -c", config::environment_name("SKREI", setting.key),
                      setting.key));
    if (setting.scope == config::Scope::Client) field("Scope", "a project's file may set it");
  }

  std::string key_;
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_config_explain() {
  return std::make_unique<ConfigExplain>();
}

}  // namespace skrei::cli
