// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "json/json.hpp"
#include "model/node_json.hpp"

namespace skrei::api {
namespace {

using model::NodeState;

/// What one value of `order_by` compares. Null for an unknown word.
using Less = bool (*)(const NodeState&, const NodeState&);

model::Resources available(const NodeState& node) {
  const auto& compute = node.info.compute_node_info;
  return compute ? compute->available_capacity : model::Resources{};
}

Result<Less> order_of(std::string_view word) {
  if (word.empty() || word == "id") {
    return [](const NodeState& a, const NodeState& b) {
      return a.info.node_id < b.info.node_id;
    };
  }
  if (word == "type") {
    return [](const NodeState& a, const NodeState& b) {
      return a.info.node_type < b.info.node_type;
    };
  }
  if (word == "available_cpu") {
    return [](const NodeState& a, const NodeState& b) {
      return available(a).cpu_millis < available(b).cpu_millis;
    };
  }
  if (word == "available_memory") {
    return [](const NodeState& a, const NodeState& b) {
      return available(a).memory_bytes < available(b).memory_bytes;
    };
  }
  if (word == "available_disk") {
    return [](const NodeState& a, const NodeState& b) {
      return available(a).disk_bytes < available(b).disk_bytes;
    };
  }
  if (word == "available_gpu") {
    return [](const NodeState& a, const NodeState& b) {
      return available(a).gpu < available(b).gpu;
    };
  }
  if (word == "approval") {
    return [](const NodeState& a, const NodeState& b) {
      return a.membership < b.membership;
    };
  }
  if (word == "status") {
    return [](const NodeState& a, const NodeState& b) {
      return a.connection_state.status < b.connection_state.status;
    };
  }
  return fail(Code::InvalidArgument,
              "order_by={:?}: use id, type, available_cpu, available_memory, available_disk, "
              "available_gpu, approval or status",
              word);
}

Result<std::vector<NodeState>> select(const http::Request& request, std::vector<NodeState> nodes) {
  TRY_ASSIGN(const auto labels, labels_param(request));
  const std::string approval = text_param(request, "filter-approval");
  const std::string status = text_param(request, "filter-status");
  std::optional<model::Membership> membership;
  std::optional<model::Connection> connection;
  if (!approval.empty()) {
    TRY_ASSIGN(membership, model::parse_membership(approval));
  }
  if (!status.empty()) {
    TRY_ASSIGN(connection, model::parse_connection(status));
  }
  std::erase_if(nodes, [&](const NodeState& node) {
    return !model::matches(labels, node.info.labels) ||
           (membership && node.membership != *membership) ||
           (connection && node.connection_state.status != *connection);
  });
  TRY_ASSIGN(const Less less, order_of(text_param(request, "order_by")));
  std::sort(nodes.begin(), nodes.end(), [less](const NodeState& a, const NodeState& b) {
    if (less(a, b) != less(b, a)) return less(a, b);
    return a.info.node_id < b.info.node_id;
  });
  TRY_ASSIGN(const bool reverse, bool_param(request, "reverse", false));
  if (reverse) std::reverse(nodes.begin(), nodes.end());
  TRY_ASSIGN(const auto limit, number_param(request, "limit"));
  if (limit && *limit > 0 && nodes.size() > *limit) nodes.resize(*limit);
  return nodes;
}

Answer list(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const auto nodes, select(request, shared.services.orchestrator.nodes()));
  json::Value items = json::Value::array();
  for (const NodeState& node : nodes)
    items.push_back(model::to_json(node));
  co_return answer(request, {{"NextToken", ""}, {"Nodes", std::move(items)}});
}

/// By id, or the beginning of one.
Answer get(Shared& shared, http::Request request) {
  const std::string& id = request.param("id");
  const auto nodes = shared.services.orchestrator.nodes();
  std::vector<const NodeState*> found;
  for (const NodeState& node : nodes) {
    if (node.info.node_id.str() == id) {
      co_return answer(request, {{"Node", model::to_json(node)}});
    }
    if (node.info.node_id.str().starts_with(id)) found.push_back(&node);
  }
  if (found.size() > 1) {
    co_return fail(Code::InvalidArgument, "{:?} is the beginning of {} node ids; write more of it",
                   id, found.size());
  }
  if (found.empty()) co_return fail(Code::NotFound, "node not found: {}", id);
  co_return answer(request, {{"Node", model::to_json(*found.front())}});
}

}  // namespace

void add_nodes(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/orchestrator/nodes", bind(shared, list));
  server.route("GET", "/api/v1/orchestrator/nodes/:id", bind(shared, get));
}

}  // namespace skrei::api
