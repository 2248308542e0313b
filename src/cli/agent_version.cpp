// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"
#include "model/node_json.hpp"

namespace skrei::cli {
namespace {

class AgentVersion final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"agent version", "The version of the node",
            "  skrei agent version\n"
            "  skrei --api-host node7 agent version --output json\n"};
  }

  void declare(Options& options) override { describe_.declare(options); }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.get("agent/version"));
    if (describe_.print(session.io, answer)) co_return kExitOk;
    CO_TRY_ASSIGN(const auto version, model::build_version_from_json(answer));
    session.io.line(fmt::format("API:       {}", version.git_version));
    session.io.line(fmt::format("Built:     {}", version.build_date));
    session.io.line(fmt::format("Commit:    {}", version.git_commit));
    session.io.line(fmt::format("Platform:  {}/{}", version.goos, version.goarch));
    co_return kExitOk;
  }

 private:
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_agent_version() {
  return std::make_unique<AgentVersion>();
}

}  // namespace skrei::cli
