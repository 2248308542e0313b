// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/settings.hpp"
#include "cli/text.hpp"
#include "config/settings.hpp"
#include "model/time_text.hpp"
#include "node/backup.hpp"

namespace skrei::cli {
namespace {

class Restore final : public Command {
 public:
  CommandText text() const override {
    return {"restore", "Make a data directory from a backup",
            "  skrei restore node.tar                          # into ~/.skrei, if that is empty\n"
            "  skrei restore node.tar --data-dir /srv/skrei\n"
            "  skrei serve --data-dir /srv/skrei               # the node goes on from there\n",
            "Every digest is verified before anything is written; a folder that is not empty is "
            "refused. The node that\nstarts over it is the same node at the moment of the backup. "
            "Jobs that had ended are there with their\nresults. Jobs that were running then count "
            "as after a crash: their programs are lost and they are run\nagain, also those that "
            "ended after the backup. What happened later is not there. Do not run it beside the\n"
            "node it was made of: both would be one node.\n"};
  }

  void declare(Options& options) override { options.argument("FILE", file_, "The backup"); }

  int run(Context& context) override {
    Io& io = context.io();
    const auto config = load_config(io, context.globals(), {});
    if (!config) {
      io.complain(config.error());
      return kExitUsage;
    }
    const std::filesystem::path target =
        config::expand_home(config->text("DataDir"), home_folder());
    const auto info = node::restore_backup(file_, target);
    if (!info) {
      io.complain(info.error());
      return kExitFailure;
    }
    io.line(fmt::format("{}  node {} as of {}, {} files, {}", target.string(), info->node_id,
                        model::format_time(info->created), info->files, size_text(info->bytes)));
    io.say("Jobs that were running at the backup are run again when a node starts over it.");
    return kExitOk;
  }

 private:
  std::string file_;
};

}  // namespace

std::unique_ptr<Command> make_restore() {
  return std::make_unique<Restore>();
}

}  // namespace skrei::cli
