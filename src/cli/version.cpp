// SPDX-License-Identifier: Apache-2.0
#include "node/version.hpp"

#include "async/deadline.hpp"
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"
#include "model/node_json.hpp"

namespace skrei::cli {
namespace {

class Version final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"version", "The version of this program and of the node that it talks to",
            "  skrei version                 # both, if a node answers\n"
            "  skrei version --client        # this program only; asks nobody\n"};
  }

  void declare(Options& options) override {
    options.flag("--client", client_only_, "Do not ask the node");
    describe_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    const model::BuildVersion own = node::build_version();
    json::Value both = {{"clientVersion", model::to_json(own)}};
    std::string node = "no node answers at " + session.api.address();
    if (!client_only_) {
      const auto answer = co_await async::with_deadline(session.api.get("agent/version"),
                                                        std::chrono::seconds(3), "asking the node");
      if (answer) {
        CO_TRY_ASSIGN(const auto version, model::build_version_from_json(*answer));
        both["serverVersion"] = *answer;
        node = fmt::format("{} ({})", version.git_version, version.git_commit);
      }
    }
    if (describe_.print(session.io, both)) co_return kExitOk;
    session.io.line(fmt::format("Client: {} ({})", own.git_version, own.git_commit));
    if (!client_only_) session.io.line("Node:   " + node);
    co_return kExitOk;
  }

 private:
  bool client_only_ = false;
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_version() {
  return std::make_unique<Version>();
}

}  // namespace skrei::cli
