// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <map>

#include <unistd.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/signals.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/settings.hpp"
#include "config/settings.hpp"
#include "node/log_sink.hpp"
#include "node/node.hpp"

namespace skrei::cli {
namespace {

/// Requests that are being answered may take so long once a stop is asked for.
constexpr Duration kGrace = std::chrono::seconds(5);

/// Flags that every command has.
bool is_global(std::string_view flag) {
  return flag == "--api-host" || flag == "--api-port" || flag == "--data-dir";
}

log::Level level_of(const std::string& word) {
  if (word == "debug") return log::Level::Debug;
  if (word == "warn") return log::Level::Warn;
  if (word == "error") return log::Level::Error;
  return log::Level::Info;
}

void install_log(const config::LoggingSettings& logging, const Io& io) {
  const bool readable =
      logging.mode == "cmd" || (logging.mode == "default" && io.err_is_terminal());
  node::install_log(readable ? node::LogFormat::Readable : node::LogFormat::Json,
                    level_of(logging.level));
}

class Serve final : public Command {
 public:
  CommandText text() const override {
    return {"serve", "Run a node: take jobs in, run them, keep content",
            "  skrei serve                                  # on this machine, for this machine\n"
            "  skrei serve --data-dir /srv/skrei --limit-total-memory 8GB --limit-job-cpu 2\n"
            "  skrei serve --api-host 0.0.0.0               # says who may run jobs then\n"
            "  skrei serve -c node.yaml --labels region=eu,disk=ssd\n",
            "Each flag is a setting; a file (-c FILE) and the environment (SKREI_…) can give the "
            "same.\nSIGTERM or SIGINT stops it within 5 s; jobs go on and the next start finds "
            "them. A second signal ends it\nat once.\n"};
  }

  void declare(Options& options) override {
    for (const config::Setting& setting : config::settings()) {
      if (setting.flag.empty() || is_global(setting.flag)) continue;
      const std::string flag(setting.flag);
      if (setting.kind == config::Kind::Bool) {
        options.switch_value(flag, values_[setting.key], std::string(setting.meaning));
      } else {
        const std::string placeholder =
            setting.choices.empty() ? "VALUE" : std::string(setting.choices);
        options.value(flag, values_[setting.key], placeholder, std::string(setting.meaning));
      }
    }
  }

  int run(Context& context) override {
    Io& io = context.io();
    std::vector<std::pair<std::string, std::string>> flags;
    for (const auto& [key, value] : values_) {
      if (value) flags.emplace_back(key, *value);
    }
    const auto config = load_config(io, context.globals(), std::move(flags));
    auto settings = config ? config::node_settings(*config, home_folder())
                           : Result<config::NodeSettings>(fail(config.error()));
    if (!settings) {
      io.complain(settings.error());
      return kExitUsage;
    }
    install_log(settings->logging, io);
    async::Loop loop;
    Result<void> served;
    loop.run_task(serve(loop, io, *std::move(settings), served));
    if (served) return kExitOk;
    io.complain(served.error());
    return kExitFailure;
  }

 private:
  static async::Task<void> serve(async::Loop& loop, Io& io, config::NodeSettings settings,
                                 Result<void>& served) {
    async::Signals signals(loop, {SIGTERM, SIGINT});
    auto node = co_await node::Node::start(loop, {.settings = std::move(settings)});
    if (!node) {
      served = fail(node.error());
      co_return;
    }
    greet(io, **node);
    co_await signals.next();
    io.say("Stopping; a second signal ends it at once.");
    io.flush();
    async::TaskScope scope(loop);
    scope.spawn("second signal", end_at_second(signals));
    co_await (*node)->stop(kGrace);
    co_await scope.stop();
    io.say("Stopped.");
  }

  static async::Task<void> end_at_second(async::Signals& signals) {
    const auto signal = co_await signals.next();
    // The stores are made for a process that vanishes.
    if (signal) ::_exit(128 + *signal);
  }

  static void greet(Io& io, const node::Node& node) {
    const bool is_v6 = node.api_host().contains(':');
    const std::string host = is_v6 ? fmt::format("[{}]", node.api_host()) : node.api_host();
    io.say(fmt::format("Node    {}", node.id()));
    io.say(fmt::format("Data    {}", node.data_dir().string()));
    io.say(fmt::format("API     http://{}:{}", host, node.api_port()));
    for (const std::string& notice : node.notices())
      io.say("Note    " + notice);
    const std::string port =
        node.api_port() == 1234 ? "" : fmt::format("--api-port {} ", node.api_port());
    io.say(fmt::format("Try     skrei {}wasm run app.wasm", port));
    io.flush();
  }

  std::map<std::string_view, std::optional<std::string>> values_;
};

}  // namespace

std::unique_ptr<Command> make_serve() {
  return std::make_unique<Serve>();
}

}  // namespace skrei::cli
