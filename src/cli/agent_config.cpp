// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

class AgentConfig final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"agent config", "The settings of the node that answers",
            "  skrei agent config                           # as a configuration file\n"
            "  skrei agent config --output json | jq .config.API\n",
            "`skrei config list` shows the settings of this command line instead.\n"};
  }

  void declare(Options& options) override { describe_.declare(options); }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.get("agent/config"));
    if (describe_.print(session.io, answer)) co_return kExitOk;
    session.io.line(to_yaml_text(answer.value("config", json::Value::object())));
    co_return kExitOk;
  }

 private:
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_agent_config() {
  return std::make_unique<AgentConfig>();
}

}  // namespace skrei::cli
