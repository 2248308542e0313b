// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/metrics.hpp"
#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "base/clock.hpp"
#include "config/config.hpp"
#include "content/content_store.hpp"
#include "executor/engines.hpp"
#include "jobstore/job_store.hpp"
#include "model/build_version.hpp"
#include "model/node.hpp"
#include "model/validate.hpp"
#include "orchestrator/service.hpp"

namespace skrei::api {

/// A long answer that is made as it is sent.
class PieceSource {
 public:
  virtual ~PieceSource() = default;
  /// Empty at the end. Blocks; one call at a time, from any thread.
  virtual Result<Bytes> next() = 0;
};

/// What the routes work with. All of it outlives the Api.
struct Services {
  async::Loop& loop;
  const Clock& clock;
  async::BlockingPool& pool;
  orchestrator::Service& orchestrator;
  jobstore::JobStore& store;
  content::ContentStore& content;
  executor::Engines& engines;
  /// This node, as it is now.
  std::function<model::NodeInfo()> node_info;
  /// Sentences about what keeps the node from being ready, or should be known by its owner.
  std::function<std::vector<std::string>()> readiness;
  /// For /metrics; unset: nothing is ever removed.
  std::function<RetentionTotals()> retention_totals = {};
  /// Unset: there is nothing on disk.
  std::function<async::Task<Result<std::shared_ptr<PieceSource>>>()> start_backup = {};
};

/// When ended jobs are removed, for answers about them.
struct RetentionRule {
  Duration age = std::chrono::hours(720);
  std::size_t jobs_max = 1'000'000;
};

struct Options {
  model::BuildVersion version;
  /// What holds on this node, for /agent/config; empty: nothing is told.
  std::vector<config::Explanation> settings;
  model::JobDefaults job_defaults;
  model::JobLimits job_limits;
  RetentionRule retention = {};
  /// Bytes of one upload.
  std::uint64_t upload_bytes_max = std::uint64_t{64} << 30;
  /// Names beside loopback and IP literals by which the node may be called.
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  /// Whether hosts other than this one may change anything (submit, stop, upload).
  bool open = true;
  /// At a time; one more is refused.
  std::size_t log_streams_max = 256;
  std::size_t watchers_max = 1024;
  std::size_t uploads_max = 8;
};

}  // namespace skrei::api
