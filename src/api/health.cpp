// SPDX-License-Identifier: Apache-2.0
#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/metrics.hpp"
#include "api/resources.hpp"
#include "json/json.hpp"

namespace skrei::api {
namespace {

/// The process answers: nothing more.
Answer alive(Shared& /*shared*/, http::Request request) {
  co_return answer(request, {{"Status", "OK"}});
}

/// Whether new work should be sent here. `?verbose` says in words what there is to know.
Answer ready(Shared& shared, http::Request request) {
  const Result<void> room = shared.services.store.has_room();
  std::vector<std::string> lines;
  if (shared.shutting_down) lines.push_back("not ready: the node is stopping");
  if (!room) lines.push_back("not ready: " + room.error().message);
  const int status = lines.empty() ? 200 : 503;
  if (!request.query.contains("verbose")) {
    co_return answer(request, {{"Status", status == 200 ? "OK" : "NotReady"}}, status);
  }
  if (lines.empty()) lines.push_back("ready");
  for (const std::string& line : shared.services.readiness())
    lines.push_back("note: " + line);
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  co_return http::Response::text(std::move(text), status);
}

}  // namespace

void add_health(http::Server& server, Shared& shared) {
  server.route("GET", "/livez", bind(shared, alive));
  server.route("GET", "/readyz", bind(shared, ready));
  server.route("GET", "/metrics", [&shared, &server](http::Request /*request*/) -> Answer {
    Gauges gauges{.node = shared.services.node_info(),
                  .live_jobs = shared.services.orchestrator.live_jobs(),
                  .server = server.stats(),
                  .log_streams = shared.log_streams};
    if (shared.services.retention_totals) gauges.retention = shared.services.retention_totals();
    return [](std::string text) -> Answer {
      co_return http::Response::bytes(std::move(text), "text/plain; version=0.0.4");
    }(shared.metrics.text(gauges));
  });
}

}  // namespace skrei::api
