// SPDX-License-Identifier: Apache-2.0
// The composition root: which driver stands behind which contract, and with which settings.
#include <algorithm>
#include <cstdlib>

#include <unistd.h>

#include "base/log.hpp"
#include "base/nearest_word.hpp"
#include "executor/wasm/walls_support.hpp"
#include "node/machine.hpp"
#include "node/parts.hpp"
#include "node/version.hpp"

namespace skrei::node {
namespace {

/// A commit that failed: nothing that was asked since can be answered, so the process ends at once
/// and the next start goes on from what was synced.
[[noreturn]] void end_after_failed_commit(const Error& error) {
  log::error("a commit failed; the node ends so that nothing is lost", {{"why", error.message}});
  std::_Exit(EXIT_FAILURE);
}

bool is_disabled(const std::vector<std::string>& disabled, std::string_view kind) {
  return std::any_of(disabled.begin(), disabled.end(),
                     [&](const std::string& name) { return equal_ignoring_case(name, kind); });
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<void> refuse_unbuilt(const config::NodeSettings& settings) {
  const auto& admission = settings.compute.admission;
  if (admission.probe_exec.empty() && admission.probe_http.empty()) return {};
  return fail(Error{Code::FailedPrecondition,
                    "job selection probes are set, but this version does not ask them: it would "
                    "take jobs that they refuse",
                    "remove --job-selection-probe-exec and --job-selection-probe-http"});
}

}  // namespace

Result<void> Node::Parts::open_data() {
  TRY(refuse_unbuilt(options.settings));
  TRY_ASSIGN(data_dir, DataDir::open(options.settings.data_dir, random));
  TRY_ASSIGN(boot_id, node::boot_id());
  TRY_ASSIGN(const auto total, detect_resources(data_dir->path()));
  capacity = share_of(options.settings.compute.allocated, total);

  TRY_ASSIGN(content, content::embedded::EmbeddedStore::open(
                          {.folder = data_dir->path() / "content",
                           .floor_bytes = options.settings.content.free_bytes_floor,
                           .on_fatal = end_after_failed_commit},
                          pool));
  TRY_ASSIGN(const auto trees, data_dir->folder("materialised"));
  TRY_ASSIGN(
      materialised,
      storage::MaterialisedCache::open(
          {.folder = trees, .bytes_max = options.settings.content.budget_bytes}, *content, pool));
  const auto& disabled = options.settings.drivers.input_sources_disabled;
  ipfs_source = std::make_unique<storage::ipfs::IpfsSource>(*content, *materialised, pool);
  inline_source =
      std::make_unique<storage::inline_data::InlineSource>(*content, *materialised, pool);
  TRY_ASSIGN(auto allowed,
             storage::local::AllowList::parse(options.settings.compute.allow_listed_local_paths));
  const bool any_local = !allowed.empty();
  local_source = std::make_unique<storage::local::LocalSource>(std::move(allowed),
                                                               std::filesystem::path(), pool);
  if (!is_disabled(disabled, "ipfs")) inputs.add("ipfs", *ipfs_source);
  if (!is_disabled(disabled, "inline")) inputs.add("inline", *inline_source);
  if (any_local && !is_disabled(disabled, "localdirectory")) {
    inputs.add("localdirectory", *local_source);
    inputs.add("local", *local_source);
  }
  ipfs_publisher = std::make_unique<publisher::ipfs::IpfsPublisher>(*content, pool);
  if (!is_disabled(options.settings.drivers.publishers_disabled, "ipfs")) {
    publishers.add("ipfs", *ipfs_publisher);
  }
  return {};
}

Result<void> Node::Parts::open_engines() {
  using namespace executor::wasm;
  const auto& settings = options.settings;
  if (is_disabled(settings.drivers.engines_disabled, "wasm")) {
    return fail(Code::FailedPrecondition,
                "every engine of this node is disabled; remove \"wasm\" "
                "from Engines.Disabled");
  }
  const WallsSupport support = probe_walls();
  sandbox_notice = support.summary();
  TRY_ASSIGN(const WallsLevel level,
             choose_level(support, settings.compute.allow_weak_sandbox ? WeakSandbox::Allow
                                                                       : WeakSandbox::Refuse));
  open_cgroups();
  TRY_ASSIGN(const auto executions, data_dir->folder("executions"));
  TRY_ASSIGN(const auto folder, data_dir->folder("wasm"));
  WasmExecutor::Options wasm_options{.executions = executions,
                                     .folder = folder,
                                     .program = options.program,
                                     .walls = level,
                                     .users = support.users,
                                     .retention = {.head_bytes = settings.compute.log_head_bytes,
                                                   .tail_bytes = settings.compute.log_tail_bytes}};
  wasm_options.compile_cache.bytes_max = settings.drivers.wasm_cache_bytes;
  wasm_options.compile_cache.compiler.limits.memory_bytes_max =
      settings.drivers.wasm_compile_memory_bytes;
  wasm_options.compile_cache.compiler.limits.wall_max =
      std::chrono::duration_cast<std::chrono::seconds>(settings.drivers.wasm_compile_time);
  wasm_options.on_supervisor = [this](pid_t supervisor) {
    if (!cgroups || !cgroups->support().any()) return;
    if (const auto moved = cgroups->add_to_shims(supervisor); !moved) {
      log::warn("the supervisor stays in the node's cgroup", {{"why", moved.error().message}});
    }
  };
  TRY_ASSIGN(wasm, WasmExecutor::open(loop, pool, clock, random, std::move(wasm_options)));
  engines.add(*wasm);
  return {};
}

/// A node that is thrown away makes none: the engine's own limits hold, and nothing is left behind.
void Node::Parts::open_cgroups() {
  if (options.lifetime == Lifetime::Throwaway) return;
  cgroups = executor::wasm::CgroupTree::open({.data_dir = data_dir->path()});
  cgroup_notices = cgroups->support().missing;
  if (!cgroups->support().any()) return;
  if (const auto moved = cgroups->add_to_node(::getpid()); !moved) {
    cgroup_notices.push_back(
        fmt::format("the node stays outside its cgroup: {}", moved.error().message));
  }
}

Result<void> Node::Parts::open_services() {
  const auto& settings = options.settings;
  TRY_ASSIGN(store, jobstore::sqlite::SqliteJobStore::open(
                        loop, clock,
                        {.folder = data_dir->path(),
                         .free_bytes_floor = settings.content.free_bytes_floor,
                         .on_fatal = end_after_failed_commit}));
  network = std::make_unique<swarm::inprocess::Network>(loop);
  peers = network->join(data_dir->node_id());
  const std::string run_id = random.uuid();
  orchestrator = std::make_unique<orchestrator::Service>(
      loop, clock, random, *store, *peers,
      orchestrator::Service::Identity{data_dir->node_id(), boot_id, run_id},
      orchestrator_options());
  work = std::make_unique<compute::ExecutionWork>(
      loop, pool, clock, random, engines, inputs, publishers,
      compute::ExecutionWork::Options{
          .node = data_dir->node_id(),
          .executions = data_dir->path() / "executions",
          .env_allow = settings.compute.env_allow_list,
          .kept = {.executions_max = settings.compute.log_executions_max,
                   .bytes_max = settings.compute.log_bytes_max},
          .prepare_limit = settings.compute.input_timeout});
  compute = std::make_unique<compute::Service>(
      loop, clock, *store, *peers, *work, compute::Service::Identity{boot_id, run_id},
      compute_options(), [this] { peers->announce(describe()); });
  retention = std::make_unique<Retention>(Retention::Parts{.loop = loop,
                                                           .pool = pool,
                                                           .clock = clock,
                                                           .store = *store,
                                                           .publishers = publishers,
                                                           .output = work->kept_output(),
                                                           .content = *content},
                                          retention_options());
  api = std::make_unique<api::Api>(
      api::Services{.loop = loop,
                    .clock = clock,
                    .pool = pool,
                    .orchestrator = *orchestrator,
                    .store = *store,
                    .content = *content,
                    .engines = engines,
                    .node_info = [this] { return describe(); },
                    .readiness = [this] { return notices(); },
                    .retention_totals = [this] { return retention->totals(); },
                    .start_backup =
                        [this] {
                          return start_backup();
                        }},
      api_options());
  const config::ApiSettings& limits = settings.api;
  server =
      std::make_unique<http::Server>(loop,
                                     http::ServerLimits{.body_bytes = limits.body_bytes_max,
                                                        .connections = limits.connections_max,
                                                        .header_timeout = limits.header_timeout,
                                                        .body_idle = limits.body_timeout,
                                                        .write_idle = limits.write_timeout,
                                                        .keep_alive = limits.idle_timeout},
                                     api->hooks());
  api->install(*server);
  return {};
}

Result<void> Node::Parts::listen() {
  const config::ApiSettings& settings = options.settings.api;
  auto bound = server->listen(settings.host, settings.port);
  if (!bound) {
    bound.error().hint =
        "stop the other program, or choose another address: --api-host, --api-port (0: any port "
        "that is free)";
    return fail(std::move(bound).error());
  }
  port = *bound;
  return {};
}

Retention::Options Node::Parts::retention_options() const {
  const config::NodeSettings& settings = options.settings;
  return {.interval = settings.orchestrator.retention_interval,
          .job_age = settings.orchestrator.retention_age,
          .jobs_max = settings.orchestrator.retention_jobs,
          .output_age = settings.compute.log_retention,
          .collect_interval = settings.content.collect_interval,
          .clock_file = data_dir->path() / "retention-clock"};
}

compute::Options Node::Parts::compute_options() const {
  const config::ComputeSettings& settings = options.settings.compute;
  compute::Options result;
  result.capacity = capacity;
  result.policy = {.engines = engines.names(),
                   .publishers = publishers.kinds(),
                   .storage_sources = inputs.kinds(),
                   .job_limit = share_of(settings.per_job, capacity),
                   .reject_stateless = settings.admission.reject_stateless_jobs,
                   .locality = settings.admission.locality == config::Locality::Local
                                   ? compute::Locality::Local
                                   : compute::Locality::Anywhere};
  result.reservation = settings.reservation;
  result.queue_max = settings.queue_max;
  result.heartbeat = settings.heartbeat;
  result.tolerance = settings.tolerance;
  result.outcome_retention = settings.result_retention;
  return result;
}

orchestrator::Options Node::Parts::orchestrator_options() const {
  const config::OrchestratorSettings& settings = options.settings.orchestrator;
  orchestrator::Options result;
  result.lease = settings.lease;
  result.offer_answer = settings.offer_answer;
  result.considering_max = settings.considering_max;
  result.retries = settings.retries;
  result.retry_delay_min = settings.retry_delay_min;
  result.retry_delay_max = settings.retry_delay_max;
  result.job_breaks_max = settings.job_breaks_max;
  result.node_faults_max = settings.node_faults_max;
  result.node_aside_min = settings.node_aside_min;
  result.node_aside_max = settings.node_aside_max;
  result.absent_node_max = settings.absent_node_max;
  result.live_jobs_max = settings.live_jobs_max;
  result.bandwidth_bytes_per_second = settings.bandwidth_bytes_per_second;
  return result;
}

api::Options Node::Parts::api_options() const {
  const config::NodeSettings& settings = options.settings;
  return {.version = build_version(),
          .settings = settings.effective,
          .job_defaults = settings.orchestrator.job_defaults,
          .job_limits = settings.orchestrator.job_limits,
          .retention = {.age = settings.orchestrator.retention_age,
                        .jobs_max = settings.orchestrator.retention_jobs},
          .allowed_hosts = settings.api.allowed_hosts,
          .allowed_origins = settings.api.allowed_origins,
          .open = settings.api.open || is_loopback(settings.api.host)};
}

model::NodeInfo Node::Parts::describe() const {
  model::NodeInfo info;
  info.node_id = data_dir->node_id();
  info.labels = options.settings.labels;
  info.labels.try_emplace("name", info.node_id.str());
  info.labels.try_emplace("os_type", "linux");
  info.labels.try_emplace("os_arch", build_version().goarch);
  info.supported_protocols = {"skrei/jobs/1"};
  info.compute_node_info = compute->describe();
  info.version = build_version();
  return info;
}

std::vector<std::string> Node::Parts::notices() const {
  std::vector<std::string> lines = {sandbox_notice};
  lines.insert(lines.end(), cgroup_notices.begin(), cgroup_notices.end());
  const config::ApiSettings& settings = options.settings.api;
  if (is_loopback(settings.host)) {
    lines.push_back(
        "jobs: anybody on this machine may run them here (the API listens on loopback)");
  } else if (settings.open) {
    lines.push_back(
        fmt::format("jobs: anybody who reaches {} may run them here (--api-open)", settings.host));
  } else {
    lines.push_back(
        "jobs: the API can be read from other hosts; they may not run jobs until "
        "--api-open is given");
  }
  return lines;
}

}  // namespace skrei::node
