// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

class ConfigList final : public Command {
 public:
  CommandText text() const override {
    return {"config list", "Every setting: the value that holds, and where it came from",
            "  skrei config list\n"
            "  skrei config list --changed                  # without those at their default\n"
            "  skrei config list --output json | jq .[].Key\n"};
  }

  void declare(Options& options) override {
    options.flag("--changed", changed_, "Only those that something sets");
    output_.declare(options);
  }

  int run(Context& context) override {
    Io& io = context.io();
    const auto config = load_config(io, context.globals());
    if (!config) {
      io.complain(config.error());
      return kExitUsage;
    }
    json::Value items = json::Value::array();
    std::vector<Row> rows;
    for (const config::Explanation& one : config->explain_all()) {
      if (changed_ && one.layer == config::Layer::Default) continue;
      const std::string key(one.setting->key);
      rows.push_back({.id = key, .cells = {key, one.value, one.origin}});
      items.push_back({{"Key", key}, {"Value", one.value}, {"From", one.origin}});
    }
    print_list(io, output_, {"KEY", "VALUE", "FROM"}, rows, items);
    return kExitOk;
  }

 private:
  bool changed_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_config_list() {
  return std::make_unique<ConfigList>();
}

}  // namespace skrei::cli
