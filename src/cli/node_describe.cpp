// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"
#include "model/node_json.hpp"
#include "model/resources.hpp"

namespace skrei::cli {
namespace {

/// The page about one node.
class NodePage {
 public:
  NodePage(Io& io, const model::NodeState& node) : io_(io), node_(node) {}

  void print() {
    const model::NodeInfo& info = node_.info;
    field("ID", info.node_id.str());
    field("Type", to_string(info.node_type));
    field("Membership", to_string(node_.membership));
    field("Status", to_string(node_.connection_state.status));
    field("Last error", to_valid_utf8(node_.connection_state.last_error));
    if (const auto beat = node_.connection_state.last_heartbeat) {
      field("Heartbeat", time_text(*beat));
    }
    field("Version", info.version.git_version);
    field("Protocols", fmt::format("{}", fmt::join(info.supported_protocols, ", ")));
    if (const auto& compute = info.compute_node_info) print_compute(*compute);
    if (info.labels.empty()) return;
    io_.line("\nLabels");
    for (const auto& [key, value] : info.labels)
      io_.line(fmt::format("  {}={}", to_valid_utf8(key), to_valid_utf8(value)));
  }

 private:
  void field(std::string_view name, std::string_view value) {
    if (!value.empty()) io_.line(fmt::format("{:<13}{}", fmt::format("{}:", name), value));
  }

  void print_compute(const model::ComputeNodeInfo& compute) {
    field("Address", compute.address);
    field("Engines", fmt::format("{}", fmt::join(compute.execution_engines, ", ")));
    field("Inputs", fmt::format("{}", fmt::join(compute.storage_sources, ", ")));
    field("Publishers", fmt::format("{}", fmt::join(compute.publishers, ", ")));
    field("Executions", fmt::format("{} running, {} waiting", compute.running_executions,
                                    compute.enqueued_executions));
    std::vector<Row> rows;
    for (const auto& [name, amounts] :
         {std::pair("all", compute.max_capacity), std::pair("free", compute.available_capacity),
          std::pair("waited for", compute.queue_capacity),
          std::pair("one job's most", compute.max_job_requirements)}) {
      rows.push_back(
          {.id = name,
           .cells = {name, fmt::format("{:.1f}", static_cast<double>(amounts.cpu_millis) / 1000),
                     model::format_byte_size(amounts.memory_bytes),
                     model::format_byte_size(amounts.disk_bytes), std::to_string(amounts.gpu)}});
    }
    io_.line("\nCapacity");
    io_.write(render_table({"", "CPU", "MEMORY", "DISK", "GPU"}, rows, std::string::npos, true));
  }

  Io& io_;
  const model::NodeState& node_;
};

class NodeDescribe final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"node describe", "Everything about one node: what it can run and what is free",
            "  skrei node describe n-1a2b3c4d               # a beginning of its id is enough\n"
            "  skrei node describe n-1a2b3c4d --output json | jq .Node.Info.Labels\n"};
  }

  void declare(Options& options) override {
    options.argument("NODE", id_, "Id, or beginning of an id");
    describe_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const json::Value answer,
                  co_await session.api.get("orchestrator/nodes/" + http::percent_encode(id_)));
    if (describe_.print(session.io, answer)) co_return kExitOk;
    CO_TRY_ASSIGN(const auto node,
                  model::node_state_from_json(answer.value("Node", json::Value::object())));
    NodePage(session.io, node).print();
    co_return kExitOk;
  }

 private:
  std::string id_;
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_node_describe() {
  return std::make_unique<NodeDescribe>();
}

}  // namespace skrei::cli
