// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "http/server.hpp"
#include "model/node.hpp"

namespace skrei::api {

/// What is read when somebody asks, in place of being counted on the way.
struct Gauges {
  model::NodeInfo node;
  std::size_t live_jobs = 0;
  http::ServerStats server;
  std::size_t log_streams = 0;
};

/// The numbers of /metrics in the text format of Prometheus: prefix `skrei_`, base units, counters
/// end in `_total`, never an id as a label. On the loop thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void observe(const http::RequestRecord& record);
  std::string text(const Gauges& gauges);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::api
