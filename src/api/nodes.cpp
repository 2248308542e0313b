// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/ranges.h>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "base/bytes.hpp"
#include "base/nearest_word.hpp"
#include "json/json.hpp"
#include "model/node_json.hpp"

namespace skrei::api {
namespace {

using model::NodeState;

constexpr int kNotImplemented = 501;

/// What one value of `order_by` compares.
using Less = bool (*)(const NodeState&, const NodeState&);

model::Resources available(const NodeState& node) {
  const auto& compute = node.info.compute_node_info;
  return compute ? compute->available_capacity : model::Resources{};
}

struct Order {
  std::string_view word;
  Less less;
};

constexpr std::array kOrders = {
    Order{"id",
          [](const NodeState& a, const NodeState& b) {
            return a.info.node_id < b.info.node_id;
          }},
    Order{"type",
          [](const NodeState& a, const NodeState& b) {
            return a.info.node_type < b.info.node_type;
          }},
    Order{"available_cpu",
          [](const NodeState& a, const NodeState& b) {
            return available(a).cpu_millis < available(b).cpu_millis;
          }},
    Order{"available_memory",
          [](const NodeState& a, const NodeState& b) {
            return available(a).memory_bytes < available(b).memory_bytes;
          }},
    Order{"available_disk",
          [](const NodeState& a, const NodeState& b) {
            return available(a).disk_bytes < available(b).disk_bytes;
          }},
    Order{"available_gpu",
          [](const NodeState& a, const NodeState& b) {
            return available(a).gpu < available(b).gpu;
          }},
    Order{"approval",
          [](const NodeState& a, const NodeState& b) {
            return a.membership < b.membership;
          }},
    Order{"status",
          [](const NodeState& a, const NodeState& b) {
            return a.connection_state.status < b.connection_state.status;
          }},
};

Result<Less> order_of(std::string_view word) {
  std::array<std::string_view, kOrders.size()> words;
  for (std::size_t i = 0; i < kOrders.size(); ++i) {
    if (kOrders[i].word == word) return kOrders[i].less;
    words[i] = kOrders[i].word;
  }
  if (word.empty()) return kOrders.front().less;
  return fail(Code::InvalidArgument, "order_by={:?}: use one of {}{}", word, fmt::join(words, ", "),
              did_you_mean(word, words));
}

/// Which nodes a list holds. Everything but where the page begins and how long it is.
struct Selection {
  std::vector<model::Constraint> labels;
  std::optional<model::Membership> membership;
  std::optional<model::Connection> connection;

  bool holds(const NodeState& node) const {
    return model::matches(labels, node.info.labels) &&
           (!membership || node.membership == *membership) &&
           (!connection || node.connection_state.status == *connection);
  }
};

Result<Selection> selection_of(const http::Request& request) {
  Selection selection;
  TRY_ASSIGN(selection.labels, labels_param(request));
  if (const std::string word = text_param(request, "filter-approval"); !word.empty()) {
    TRY_ASSIGN(selection.membership,
               with_context(model::parse_membership(word), "query parameter filter-approval"));
  }
  if (const std::string word = text_param(request, "filter-status"); !word.empty()) {
    TRY_ASSIGN(selection.connection,
               with_context(model::parse_connection(word), "query parameter filter-status"));
  }
  return selection;
}

/// In the order asked for; by id where that says nothing.
Result<void> sort(const http::Request& request, std::vector<NodeState>& nodes) {
  TRY_ASSIGN(const Less less, order_of(text_param(request, "order_by")));
  std::sort(nodes.begin(), nodes.end(), [less](const NodeState& a, const NodeState& b) {
    if (less(a, b) != less(b, a)) return less(a, b);
    return a.info.node_id < b.info.node_id;
  });
  TRY_ASSIGN(const bool reverse, bool_param(request, "reverse", false));
  if (reverse) std::reverse(nodes.begin(), nodes.end());
  return {};
}

/// The nodes behind the one that the token names. What a node has to offer changes: one that has
/// moved meanwhile may come twice or not at all, unless the order is that of the ids.
Result<void> skip_to(const http::Request& request, std::vector<NodeState>& nodes) {
  const std::string token = text_param(request, "next_token");
  if (token.empty()) return {};
  const Result<Bytes> id = from_base64url(token);
  const auto last = std::ranges::find_if(
      nodes, [&](const NodeState& node) { return id && node.info.node_id.str() == as_chars(*id); });
  if (last == nodes.end()) {
    return fail(Code::InvalidArgument,
                "next_token {:?} names no node that is here; start again without it", token);
  }
  nodes.erase(nodes.begin(), last + 1);
  return {};
}

/// Items under both names: generated clients of v1.9.3 read the lower one.
Answer list(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const Selection selection, selection_of(request));
  CO_TRY_ASSIGN(const auto limit, number_param(request, "limit"));
  std::vector<NodeState> nodes = shared.services.orchestrator.nodes();
  CO_TRY(sort(request, nodes));
  CO_TRY(skip_to(request, nodes));
  std::erase_if(nodes, [&](const NodeState& node) { return !selection.holds(node); });
  std::string next;
  if (limit && *limit > 0 && nodes.size() > *limit) {
    nodes.resize(*limit);
    next = to_base64url(as_bytes(nodes.back().info.node_id.str()));
  }
  json::Value items = json::Value::array();
  for (const NodeState& node : nodes)
    items.push_back(model::to_json(node));
  co_return answer(request, {{"NextToken", next}, {"Nodes", items}, {"nodes", items}});
}

/// By id, or the beginning of one.
Result<NodeState> node_of(Shared& shared, const std::string& id) {
  std::vector<NodeState> found;
  for (NodeState& node : shared.services.orchestrator.nodes()) {
    if (node.info.node_id.str() == id) return std::move(node);
    if (node.info.node_id.str().starts_with(id)) found.push_back(std::move(node));
  }
  if (found.size() > 1) {
    return fail(Code::InvalidArgument, "{:?} is the beginning of {} node ids; write more of it", id,
                found.size());
  }
  if (found.empty()) return fail(Code::NotFound, "node not found: {}", id);
  return std::move(found.front());
}

Answer get(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const NodeState node, node_of(shared, request.param("id")));
  const json::Value shown = model::to_json(node);
  co_return answer(request, {{"Node", shown}, {"node", shown}});
}

/// {"Action": "approve"}: every node of this network is a member from the start, and each requester
/// decides for itself whom it offers work to. To approve is therefore done; the rest is not
/// offered.
Answer update(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  CO_TRY_ASSIGN(const std::string text, co_await request.read_body());
  CO_TRY_ASSIGN(const json::Value body, with_context(json::parse(text), "request body"));
  const auto action = body.is_object() ? body.find("Action") : body.end();
  if (!body.is_object() || action == body.end() || !action->is_string()) {
    co_return fail(
        Code::InvalidArgument,
        "request body: send {{\"Action\": \"approve\"}}; \"Action\" is missing or no text");
  }
  const std::string word = action->get<std::string>();
  constexpr std::array<std::string_view, 3> kActions = {"approve", "reject", "delete"};
  if (std::ranges::find(kActions, word) == kActions.end()) {
    co_return fail(Code::InvalidArgument, "Action {:?}: use approve, reject or delete{}", word,
                   did_you_mean(word, kActions));
  }
  CO_TRY_ASSIGN(const NodeState node, node_of(shared, request.param("id")));
  if (word == "approve") co_return answer(request, {{"Success", true}, {"Error", ""}});
  co_return error_answer(
      request,
      {Code::FailedPrecondition,
       fmt::format("node {}: this network has no central membership from which a node could be {}",
                   node.info.node_id, word == "reject" ? "rejected" : "deleted"),
       "a job keeps away from a node by a constraint on its labels"},
      kNotImplemented);
}

}  // namespace

void add_nodes(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/orchestrator/nodes", bind(shared, list));
  server.route("GET", "/api/v1/orchestrator/nodes/:id", bind(shared, get));
  server.route("PUT", "/api/v1/orchestrator/nodes/:id", bind(shared, update));
}

}  // namespace skrei::api
