// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/api.hpp"
#include "async/blocking.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "compute/execution_work.hpp"
#include "compute/service.hpp"
#include "content/embedded/embedded_store.hpp"
#include "executor/engines.hpp"
#include "executor/wasm/cgroup.hpp"
#include "executor/wasm/wasm_executor.hpp"
#include "http/server.hpp"
#include "jobstore/sqlite/sqlite_job_store.hpp"
#include "node/data_dir.hpp"
#include "node/node.hpp"
#include "node/retention.hpp"
#include "orchestrator/service.hpp"
#include "publisher/ipfs/ipfs_publisher.hpp"
#include "storage/inline/inline_source.hpp"
#include "storage/ipfs/ipfs_source.hpp"
#include "storage/local/local_source.hpp"
#include "swarm/inprocess/network.hpp"

namespace skrei::node {

/// Everything a node consists of, in the order in which it is made; each part refers only to parts
/// above it.
struct Node::Parts {
  Parts(async::Loop& loop_, NodeOptions options_) : loop(loop_), options(std::move(options_)) {}

  // The makers, in the order of start(). Each gives a sentence where it fails.
  Result<void> open_data();
  Result<void> open_engines();
  void open_cgroups();
  Result<void> open_services();
  Result<void> listen();
  async::Task<Result<void>> recover();
  void clean_cgroups(const std::vector<protocol::HostedExecution>& hosted) const;

  model::NodeInfo describe() const;
  async::Task<Result<std::shared_ptr<api::PieceSource>>> start_backup();

  Retention::Options retention_options() const;
  compute::Options compute_options() const;
  orchestrator::Options orchestrator_options() const;
  api::Options api_options() const;
  std::vector<std::string> notices() const;

  async::Loop& loop;
  NodeOptions options;
  SystemClock system_clock;
  const Clock& clock = options.clock != nullptr ? *options.clock : system_clock;
  SystemRandom random;
  async::BlockingPool pool{{.threads = 8, .queue_limit = 8192}};

  std::unique_ptr<DataDir> data_dir;
  std::string boot_id;
  model::Resources capacity;

  std::unique_ptr<content::embedded::EmbeddedStore> content;
  std::unique_ptr<storage::MaterialisedCache> materialised;
  std::unique_ptr<storage::ipfs::IpfsSource> ipfs_source;
  std::unique_ptr<storage::inline_data::InlineSource> inline_source;
  std::unique_ptr<storage::local::LocalSource> local_source;
  storage::InputSources inputs;
  std::unique_ptr<publisher::ipfs::IpfsPublisher> ipfs_publisher;
  publisher::Publishers publishers;

  std::unique_ptr<executor::wasm::CgroupTree> cgroups;  ///< Null for a node that is thrown away.
  std::vector<std::string> cgroup_notices;
  std::unique_ptr<executor::wasm::WasmExecutor> wasm;
  executor::Engines engines;
  std::string sandbox_notice;

  std::unique_ptr<jobstore::sqlite::SqliteJobStore> store;
  std::unique_ptr<swarm::inprocess::Network> network;
  std::unique_ptr<swarm::Peers> peers;
  std::unique_ptr<orchestrator::Service> orchestrator;
  std::unique_ptr<compute::ExecutionWork> work;
  std::unique_ptr<compute::Service> compute;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<http::Server> server;
  std::uint16_t port = 0;
};

}  // namespace skrei::node
