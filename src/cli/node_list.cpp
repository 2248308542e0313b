// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"
#include "model/node_json.hpp"
#include "model/resources.hpp"

namespace skrei::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string amount(std::uint64_t available, std::uint64_t maximum) {
  return fmt::format("{} / {}", model::format_byte_size(available),
                     model::format_byte_size(maximum));
}

Row row_of(const model::NodeState& node) {
  Row row{.id = node.info.node_id.str(), .cells = {}};
  row.cells = {row.id,
               std::string(to_string(node.info.node_type)),
               std::string(to_string(node.connection_state.status)),
               "",
               "",
               "",
               ""};
  std::vector<std::string> labels;
  for (const auto& [key, value] : node.info.labels)
    labels.push_back(fmt::format("{}={}", key, value));
  if (const auto& compute = node.info.compute_node_info) {
    const auto& free = compute->available_capacity;
    const auto& all = compute->max_capacity;
    row.cells[3] = joined(compute->execution_engines);
    row.cells[4] = fmt::format("{:.1f} / {:.1f}", static_cast<double>(free.cpu_millis) / 1000,
                               static_cast<double>(all.cpu_millis) / 1000);
    row.cells[5] = amount(free.memory_bytes, all.memory_bytes);
    row.cells[6] = amount(free.disk_bytes, all.disk_bytes);
  }
  row.cells.push_back(joined(labels));
  return row;
}

class NodeList final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"node list", "The nodes that this one knows, and how much of each is free",
            "  skrei node list\n"
            "  skrei node list --labels 'region in (eu, us)'\n"
            "  skrei node list --order-by available_cpu --order-reversed --limit 3\n"};
  }

  void declare(Options& options) override {
    options.value("--labels", labels_, "SELECTOR", "Only nodes with these labels");
    options.choice("--order-by", order_by_,
                   {"id", "type", "available_cpu", "available_memory", "available_disk",
                    "available_gpu", "approval", "status"},
                   "What the list is sorted by");
    options.flag("--order-reversed", reversed_, "The other way round");
    options.choice("--filter-status", status_, {"connected", "disconnected"}, "Only these");
    options.choice("--filter-approval", approval_, {"approved", "pending", "rejected"},
                   "Only these");
    options.number("--limit", limit_, 0, 1'000'000, "At most so many; 0 is all");
    output_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    http::Query query;
    if (!labels_.empty()) query.add("labels", labels_);
    if (!status_.empty()) query.add("filter-status", status_);
    if (!approval_.empty()) query.add("filter-approval", approval_);
    query.add("order_by", order_by_);
    query.add("reverse", reversed_ ? "true" : "false");
    query.add("limit", std::to_string(limit_));
    CO_TRY_ASSIGN(const json::Value answer,
                  co_await session.api.get("orchestrator/nodes", std::move(query)));
    const json::Value items = answer.value("Nodes", json::Value::array());
    std::vector<Row> rows;
    for (const json::Value& item : items) {
      CO_TRY_ASSIGN(const auto node, model::node_state_from_json(item));
      rows.push_back(row_of(node));
    }
    print_list(
        session.io, output_,
        {"ID", "TYPE", "STATUS", "ENGINES", "CPU FREE", "MEMORY FREE", "DISK FREE", "LABELS"}, rows,
        items);
    co_return kExitOk;
  }

 private:
  std::string labels_;
  std::string order_by_ = "id";
  std::string status_;
  std::string approval_;
  bool reversed_ = false;
  std::int64_t limit_ = 0;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_node_list() {
  return std::make_unique<NodeList>();
}

}  // namespace skrei::cli
