// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "base/fd.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/settings.hpp"

namespace skrei::cli {
namespace {

class ConfigSet final : public Command {
 public:
  CommandText text() const override {
    return {"config set", "Write a setting to a file, and leave the rest of it as it is",
            "  skrei config set API.Port 4321                       # for this user\n"
            "  skrei config set --file node.yaml Compute.MaxQueue 50\n"
            "  skrei config set --file .skrei.yaml API.Host node7   # for this folder\n",
            "Comments and the order of the file stay. A key that is no setting, and a value that "
            "does not fit, are\nrefused. When something else wins over the file it says so.\n"};
  }

  void declare(Options& options) override {
    options.argument("KEY", key_, "The setting, in any case");
    options.argument("VALUE", value_, "Lists as a,b and maps as k=v,l=w");
    options.value("--file", file_, "FILE",
                  "The file to write (skrei/config.yaml in $XDG_CONFIG_HOME or ~/.config)");
  }

  int run(Context& context) override {
    Io& io = context.io();
    const auto written = write(io);
    if (!written) {
      io.complain(written.error());
      return written.error().code == Code::InvalidArgument ? kExitUsage : kExitFailure;
    }
    warn_if_it_loses(context);
    return kExitOk;
  }

 private:
  /// Follows a link, so that a file that stands elsewhere stays there.
  Result<std::filesystem::path> target() const {
    const std::filesystem::path named =
        file_.empty() ? user_config_file() : std::filesystem::path(file_);
    std::error_code error;
    std::filesystem::path whole = std::filesystem::weakly_canonical(named, error);
    if (error) return fail(errno_error(error.value(), named.string()));
    return whole;
  }

  Result<void> write(Io& io) const {
    TRY_ASSIGN(const std::filesystem::path path, target());
    if (const config::Setting* setting = config::find_setting(key_);
        setting != nullptr && setting->scope == config::Scope::Node &&
        path.filename() == kProjectFile) {
      return fail(Code::InvalidArgument,
                  "{}: {} would be ignored; a project's file may set only what commands use",
                  path.string(), setting->key);
    }
    config::File file{.name = path.string(), .text = ""};
    if (auto held = config::read_config_file(path); held) {
      file = *std::move(held);
    } else if (held.error().code != Code::NotFound) {
      return fail(held.error());
    }
    TRY_ASSIGN(file.text, with_context(config::set_in_file(file.text, key_, value_), file.name));
    // The rest of the file has to be right, too: a node would not start with it.
    TRY(config::Config::load({.given_files = {file}}));
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) return fail(errno_error(error.value(), path.parent_path().string()));
    const auto status = std::filesystem::status(path, error);
    const unsigned mode =
        std::filesystem::exists(status) ? static_cast<unsigned>(status.permissions()) & 0777 : 0600;
    TRY(write_file_atomically(path, as_bytes(file.text), mode));
    io.say(fmt::format("{} is {} in {}", config::find_setting(key_)->key, value_, file.name));
    return {};
  }

  /// A variable, a flag or another file may say otherwise.
  void warn_if_it_loses(Context& context) const {
    const auto config = load_config(context.io(), context.globals());
    if (!config || !file_.empty()) return;
    const auto holds = config->explain(key_);
    if (!holds || holds->layer == config::Layer::UserFile) return;
    context.io().say(fmt::format("Warning: {} holds all the same, by {}",
                                 holds->value.empty() ? "nothing" : holds->value, holds->origin));
  }

  std::string key_;
  std::string value_;
  std::string file_;
};

}  // namespace

std::unique_ptr<Command> make_config_set() {
  return std::make_unique<ConfigSet>();
}

}  // namespace skrei::cli
