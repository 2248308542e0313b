// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

class AgentNode final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"agent node", "What the node says of itself: labels, engines, capacity",
            "  skrei agent node\n"
            "  skrei agent node --output json | jq .ComputeNodeInfo.AvailableCapacity\n"};
  }

  void declare(Options& options) override { describe_.declare(options); }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.get("agent/node"));
    if (!describe_.print(session.io, answer)) session.io.line(to_yaml_text(answer));
    co_return kExitOk;
  }

 private:
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_agent_node() {
  return std::make_unique<AgentNode>();
}

}  // namespace skrei::cli
