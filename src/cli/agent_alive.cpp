// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

class AgentAlive final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"agent alive", "Whether the node answers",
            "  skrei agent alive                    # \"Status: OK\" and exit code 0, or 1\n"
            "  skrei agent alive --output json\n"};
  }

  void declare(Options& options) override { describe_.declare(options); }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.get("agent/alive"));
    if (!describe_.print(session.io, answer)) session.io.line("Status: OK");
    co_return kExitOk;
  }

 private:
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_agent_alive() {
  return std::make_unique<AgentAlive>();
}

}  // namespace skrei::cli
