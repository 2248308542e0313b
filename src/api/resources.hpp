// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "api/services.hpp"
#include "api/watch_hub.hpp"
#include "http/server.hpp"

namespace skrei::api {

class Metrics;

/// What the resources of this room share.
struct Shared {
  Services services;
  Options options;
  Metrics& metrics;
  /// Once true, nothing new should be sent here.
  bool shutting_down = false;
  /// Under way now; bounded by Options.
  std::size_t log_streams = 0;
  std::size_t uploads_running = 0;
  /// Being sent.
  std::weak_ptr<PieceSource> backup = {};
  /// Threads of uploads alone: each is held up by its client's speed.
  async::BlockingPool uploads{{.threads = options.uploads_max, .queue_limit = 64}};
  WatchHub watches{services.loop, services.clock, services.store};
};

// Each adds the routes of one resource, in the file of its name; `shared` outlives the server.

void add_agent(http::Server& server, Shared& shared);
void add_backup(http::Server& server, Shared& shared);
void add_content(http::Server& server, Shared& shared);
void add_executions(http::Server& server, Shared& shared);
void add_health(http::Server& server, Shared& shared);
void add_history(http::Server& server, Shared& shared);
void add_job_changes(http::Server& server, Shared& shared);
void add_jobs(http::Server& server, Shared& shared);
void add_logs(http::Server& server, Shared& shared);
void add_nodes(http::Server& server, Shared& shared);
void add_openapi(http::Server& server, Shared& shared);
void add_watch(http::Server& server, Shared& shared);

}  // namespace skrei::api
