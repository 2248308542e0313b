// SPDX-License-Identifier: Apache-2.0
#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "config/effective.hpp"
#include "json/json.hpp"
#include "model/node_json.hpp"

namespace skrei::api {
namespace {

/// Also the liveness probe of v1.9.3's own images.
Answer alive(Shared& /*shared*/, http::Request request) {
  co_return answer(request, {{"Status", "OK"}});
}

Answer version(Shared& shared, http::Request request) {
  co_return answer(request, model::to_json(shared.services.node_info().version));
}

Answer node(Shared& shared, http::Request request) {
  co_return answer(request, model::to_json(shared.services.node_info()));
}

/// `?explain=true` adds where each value came from.
Answer config(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const bool explain, bool_param(request, "explain", false));
  const auto& settings = shared.options.settings;
  json::Value body = {{"config", config::effective_json(settings)}};
  if (explain) body["explain"] = config::explained_json(settings);
  co_return answer(request, body);
}

/// What is under way, by component; for people who look for a fault, of no fixed shape.
json::Value debug_of(const Shared& shared, const http::ServerStats& server) {
  const model::NodeInfo node = shared.services.node_info();
  json::Value nodes = json::Value::array();
  for (const model::NodeState& other : shared.services.orchestrator.nodes())
    nodes.push_back(other.info.node_id.str());
  json::Value compute = json::Value::object();
  if (const auto& info = node.compute_node_info) {
    compute = {{"RunningExecutions", info->running_executions},
               {"EnqueuedExecutions", info->enqueued_executions}};
  }
  return {{"ActiveJobs", shared.services.orchestrator.live_jobs()},
          {"API",
           {{"Connections", server.connections},
            {"Requests", server.requests},
            {"LogStreams", shared.log_streams},
            {"Uploads", shared.uploads_running},
            {"Watches", shared.watches.watchers()}}},
          {"Compute", std::move(compute)},
          {"DiscoveredNodes", std::move(nodes)},
          {"JobStore", {{"LastEvent", shared.services.store.last_event()}}}};
}

/// Nobody signs in here.
Answer authconfig(Shared& /*shared*/, http::Request request) {
  co_return answer(request, json::Value::object());
}

http::Handler redirect(std::string target) {
  return [target](const http::Request& /*request*/) -> Answer {
    http::Response response = http::Response::text("", 301);
    response.headers.set("Location", target);
    return [](http::Response ready) -> Answer {
      co_return ready;
    }(std::move(response));
  };
}

}  // namespace

void add_agent(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/agent/alive", bind(shared, alive));
  server.route("GET", "/api/v1/agent/version", bind(shared, version));
  server.route("GET", "/api/v1/agent/node", bind(shared, node));
  server.route("GET", "/api/v1/agent/config", bind(shared, config));
  server.route("GET", "/api/v1/agent/authconfig", bind(shared, authconfig));
  server.route("GET", "/api/v1/agent/debug", [&shared, &server](http::Request request) -> Answer {
    return [](http::Response ready) -> Answer {
      co_return ready;
    }(answer(request, debug_of(shared, server.stats())));
  });
  server.route("GET", "/", redirect("/api/v1/agent/version"));
  server.route("GET", "/version", redirect("/api/v1/agent/version"));
}

}  // namespace skrei::api
