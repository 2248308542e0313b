// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "api/services.hpp"
#include "http/server.hpp"

namespace skrei::api {

/// The REST API of a node: /api/v1 in the shapes of Bacalhau v1.9.3 with Skrei's additions,
/// /livez, /readyz and /metrics. One file per resource. Keeps no rules: those are in orchestrator
/// and compute.
class Api {
 public:
  Api(Services services, Options options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// For the server's constructor; this outlives the server.
  http::ServerHooks hooks();

  /// Adds every route. The server's handlers refer to this.
  void install(http::Server& server);

  /// From here on /readyz answers 503, so that nothing new is sent here, and watches end.
  void begin_shutdown();

  /// After the server's stop(), before this goes.
  async::Task<void> stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::api
