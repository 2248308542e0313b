// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/server.hpp"
#include "model/node.hpp"

namespace skrei::api {

/// What retention and collection took away since the start.
struct RetentionTotals {
  std::uint64_t jobs = 0;
  std::uint64_t outputs = 0;  ///< Folders of ended executions.
  std::uint64_t blocks = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t freed_bytes = 0;  ///< Of disk, by content collection.
  std::uint64_t failures = 0;     ///< Passes that ended with an error.
};

/// What is read when somebody asks, in place of being counted on the way.
struct Gauges {
  model::NodeInfo node;
  std::size_t live_jobs = 0;
  http::ServerStats server;
  std::size_t log_streams = 0;
  RetentionTotals retention = {};
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
