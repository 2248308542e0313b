// SPDX-License-Identifier: Apache-2.0
#include "api/api.hpp"

#include <algorithm>
#include <array>

#include "api/answer.hpp"
#include "api/client_version.hpp"
#include "api/host_check.hpp"
#include "api/metrics.hpp"
#include "api/resources.hpp"

namespace skrei::api {

struct Api::State {
  State(Services services, const Options& options)
      : shared{.services = std::move(services), .options = options, .metrics = metrics} {}

  Metrics metrics;
  Shared shared;
};

Api::Api(Services services, Options options)
    : state_(std::make_unique<State>(std::move(services), std::move(options))) {}

Api::~Api() = default;

http::ServerHooks Api::hooks() {
  http::ServerHooks hooks;
  const Options& options = state_->shared.options;
  hooks.allow_host = [&options](std::string_view host, const http::Request& /*request*/) {
    return is_allowed_host(host, options.allowed_hosts);
  };
  if (!options.allowed_origins.empty()) {
    hooks.allow_origin = [&options](std::string_view origin, const http::Request& /*request*/) {
      return std::find(options.allowed_origins.begin(), options.allowed_origins.end(), origin) !=
             options.allowed_origins.end();
    };
  }
  hooks.headers = version_headers(options.version);
  hooks.observe = [metrics = &state_->metrics](const http::RequestRecord& record) {
    metrics->observe(record);
  };
  hooks.render_error = [](const http::ErrorContext& context) {
    return error_answer(context);
  };
  return hooks;
}

void Api::install(http::Server& server) {
  for (const auto add :
       {add_agent, add_backup, add_content, add_executions, add_health, add_history,
        add_job_changes, add_jobs, add_logs, add_nodes, add_openapi, add_watch}) {
    add(server, state_->shared);
  }
}

void Api::begin_shutdown() {
  state_->shared.shutting_down = true;
  state_->shared.watches.begin_shutdown();
}

async::Task<void> Api::stop() {
  co_await state_->shared.watches.stop();
}

}  // namespace skrei::api
