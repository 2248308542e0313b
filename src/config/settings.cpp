// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace skrei::config {
namespace {

std::size_t count(const Config& config, std::string_view key) {
  return static_cast<std::size_t>(config.whole(key));
}

CapacitySettings capacity(const Config& config, const std::string& group) {
  return {.cpu = config.share(group + ".CPU"),
          .memory = config.share(group + ".Memory"),
          .disk = config.share(group + ".Disk"),
          .gpu = config.share(group + ".GPU")};
}

std::chrono::seconds whole_seconds(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration);
}

enum class Ends { No, Yes };

model::TypeDefaults type_defaults(const Config& config, std::string_view type, Ends ends) {
  const std::string group = fmt::format("JobDefaults.{}.", type);
  model::TypeDefaults defaults;
  defaults.priority = static_cast<int>(config.whole(group + "Priority"));
  defaults.resources.cpu = config.text(group + "Task.Resources.CPU");
  defaults.resources.memory = config.text(group + "Task.Resources.Memory");
  if (ends == Ends::No) return defaults;
  defaults.resources.disk = config.text(group + "Task.Resources.Disk");
  defaults.publisher.type = config.text(group + "Task.Publisher.Type");
  defaults.timeouts.execution =
      whole_seconds(config.time(group + "Task.Timeouts.ExecutionTimeout"));
  defaults.timeouts.total = whole_seconds(config.time(group + "Task.Timeouts.TotalTimeout"));
  return defaults;
}

OrchestratorSettings orchestrator_settings(const Config& config) {
  OrchestratorSettings result;
  result.enabled = config.flag("Orchestrator.Enabled");
  result.lease = config.time("Orchestrator.Lease");
  result.offer_answer = config.time("Orchestrator.Offer.Timeout");
  result.considering_max = config.time("Orchestrator.Offer.ConsideringTimeout");
  result.retries = static_cast<int>(config.whole("Orchestrator.Retry.Max"));
  result.retry_delay_min = config.time("Orchestrator.Retry.DelayMin");
  result.retry_delay_max = config.time("Orchestrator.Retry.DelayMax");
  result.job_breaks_max = count(config, "Orchestrator.Blame.JobBreaksMax");
  result.node_faults_max = count(config, "Orchestrator.Blame.NodeFaultsMax");
  result.node_aside_min = config.time("Orchestrator.Blame.NodeAsideMin");
  result.node_aside_max = config.time("Orchestrator.Blame.NodeAsideMax");
  result.absent_node_max = config.time("Orchestrator.AbsentNodeTimeout");
  result.live_jobs_max = count(config, "Orchestrator.MaxLiveJobs");
  result.bandwidth_bytes_per_second = config.size("Orchestrator.Bandwidth");
  result.retention_interval = config.time("Orchestrator.Retention.Interval");
  result.retention_age = config.time("Orchestrator.Retention.Age");
  result.retention_jobs = count(config, "Orchestrator.Retention.Jobs");
  result.job_limits.count_max = static_cast<int>(config.whole("Orchestrator.MaxCount"));
  result.job_defaults = {.batch = type_defaults(config, "Batch", Ends::Yes),
                         .ops = type_defaults(config, "Ops", Ends::Yes),
                         .service = type_defaults(config, "Service", Ends::No),
                         .daemon = type_defaults(config, "Daemon", Ends::No)};
  return result;
}

AdmissionSettings admission_settings(const Config& config) {
  const bool local = config.text("JobAdmissionControl.Locality") == "local";
  return {.locality = local ? Locality::Local : Locality::Anywhere,
          .reject_stateless_jobs = config.flag("JobAdmissionControl.RejectStatelessJobs"),
          .reject_networked_jobs = config.flag("JobAdmissionControl.RejectNetworkedJobs"),
          .probe_exec = config.text("JobAdmissionControl.ProbeExec"),
          .probe_http = config.text("JobAdmissionControl.ProbeHTTP"),
          .probe_timeout = config.time("JobAdmissionControl.ProbeTimeout"),
          .probes_running_max = count(config, "JobAdmissionControl.ProbeConcurrency"),
          .probes_waiting_max = count(config, "JobAdmissionControl.ProbeQueue")};
}

ComputeSettings compute_settings(const Config& config) {
  return {.enabled = config.flag("Compute.Enabled"),
          .allocated = capacity(config, "Compute.AllocatedCapacity"),
          .per_job = capacity(config, "Compute.JobLimits"),
          .allow_listed_local_paths = config.list("Compute.AllowListedLocalPaths"),
          .env_allow_list = config.list("Compute.Env.AllowList"),
          .heartbeat = config.time("Compute.Heartbeat.Interval"),
          .tolerance = config.time("Compute.Tolerance"),
          .reservation = config.time("Compute.Reservation"),
          .result_retention = config.time("Compute.ResultRetention"),
          .input_timeout = config.time("InputSources.ReadTimeout"),
          .queue_max = count(config, "Compute.MaxQueue"),
          .log_head_bytes = config.size("Compute.Logs.Head"),
          .log_tail_bytes = config.size("Compute.Logs.Tail"),
          .log_executions_max = count(config, "Compute.Logs.MaxExecutions"),
          .log_bytes_max = config.size("Compute.Logs.MaxSize"),
          .log_retention = config.time("Compute.Logs.Retention"),
          .allow_weak_sandbox = config.flag("Compute.AllowWeakSandbox"),
          .admission = admission_settings(config)};
}

/// As a label's value, so that constraints can name it.
Result<void> check_node_name(std::string_view name) {
  constexpr std::size_t kBytesMax = 63;
  const bool is_plain = std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (is_plain && name.size() <= kBytesMax) return {};
  return fail(Code::InvalidArgument,
              "NodeName {:?}: at most {} letters, digits, dots, dashes and underscores", name,
              kBytesMax);
}

}  // namespace

ApiSettings api_settings(const Config& config) {
  return {.host = config.text("API.Host"),
          .port = static_cast<std::uint16_t>(config.whole("API.Port")),
          .allowed_hosts = config.list("API.AllowedHosts"),
          .allowed_origins = config.list("API.AllowedOrigins"),
          .open = config.flag("API.Open"),
          .body_bytes_max = config.size("API.MaxBody"),
          .connections_max = count(config, "API.MaxConnections"),
          .header_timeout = config.time("API.HeaderTimeout"),
          .body_timeout = config.time("API.BodyTimeout"),
          .write_timeout = config.time("API.WriteTimeout"),
          .idle_timeout = config.time("API.IdleTimeout")};
}

LoggingSettings logging_settings(const Config& config) {
  return {.level = config.text("Logging.Level"), .mode = config.text("Logging.Mode")};
}

std::filesystem::path expand_home(const std::string& path, const std::filesystem::path& home) {
  if (path == "~") return home;
  if (path.starts_with("~/")) return home / path.substr(2);
  return path;
}

Result<NodeSettings> node_settings(const Config& config, const std::filesystem::path& home) {
  NodeSettings node;
  node.data_dir = expand_home(config.text("DataDir"), home);
  if (node.data_dir.is_relative()) {
    return fail(Code::InvalidArgument, "DataDir \"{}\" is not an absolute path",
                node.data_dir.string());
  }
  node.labels = config.map("Labels");
  const std::string& name = config.text("NodeName");
  TRY(check_node_name(name));
  if (!name.empty()) node.labels["name"] = name;
  node.api = api_settings(config);
  node.orchestrator = orchestrator_settings(config);
  node.compute = compute_settings(config);
  node.content = {
      .collect_interval = config.time("Content.CollectInterval"),
      .free_bytes_floor = config.size("Content.FreeFloor"),
      .budget_bytes = config.size("Content.Budget.Bytes"),
      .budget_entries = static_cast<std::uint64_t>(config.whole("Content.Budget.Entries")),
      .budget_depth = count(config, "Content.Budget.Depth")};
  node.drivers = {.engines_disabled = config.list("Engines.Disabled"),
                  .input_sources_disabled = config.list("InputSources.Disabled"),
                  .publishers_disabled = config.list("Publishers.Disabled"),
                  .wasm_cache_bytes = config.size("Engines.Types.WASM.CacheSize"),
                  .wasm_compile_memory_bytes = config.size("Engines.Types.WASM.CompileMemory"),
                  .wasm_compile_time = config.time("Engines.Types.WASM.CompileTime")};
  node.logging = logging_settings(config);
  node.effective = config.explain_all();
  if (node.compute.heartbeat * 2 > node.orchestrator.lease) {
    return fail(Code::InvalidArgument,
                "Compute.Heartbeat.Interval must be at most half of Orchestrator.Lease");
  }
  if (node.orchestrator.retry_delay_min > node.orchestrator.retry_delay_max) {
    return fail(Code::InvalidArgument,
                "Orchestrator.Retry.DelayMin is more than Orchestrator.Retry.DelayMax");
  }
  if (node.orchestrator.node_aside_min > node.orchestrator.node_aside_max) {
    return fail(Code::InvalidArgument,
                "Orchestrator.Blame.NodeAsideMin is more than Orchestrator.Blame.NodeAsideMax");
  }
  return node;
}

}  // namespace skrei::config
