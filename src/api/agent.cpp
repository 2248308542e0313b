// SPDX-License-Identifier: Apache-2.0
#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/resources.hpp"
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
  server.route("GET", "/", redirect("/api/v1/agent/version"));
  server.route("GET", "/version", redirect("/api/v1/agent/version"));
}

}  // namespace skrei::api
