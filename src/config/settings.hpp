// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "model/validate.hpp"

// The settings as components take them: plain values, one struct each. `node` hands them on.

namespace skrei::config {

struct ApiSettings {
  std::string host;
  std::uint16_t port = 0;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  bool open = false;
  std::size_t body_bytes_max = 0;
  std::size_t connections_max = 0;
  Duration header_timeout{0};
  Duration body_timeout{0};
  Duration write_timeout{0};
  Duration idle_timeout{0};
};

struct OrchestratorSettings {
  bool enabled = false;
  Duration lease{0};
  Duration offer_answer{0};
  Duration considering_max{0};
  int retries = 0;
  Duration retry_delay_min{0};
  Duration retry_delay_max{0};
  std::size_t job_breaks_max = 0;
  std::size_t node_faults_max = 0;
  Duration node_aside_min{0};
  Duration node_aside_max{0};
  Duration absent_node_max{0};
  std::size_t live_jobs_max = 0;
  std::uint64_t bandwidth_bytes_per_second = 0;
  Duration retention_interval{0};
  Duration retention_age{0};
  std::size_t retention_jobs = 0;
  model::JobDefaults job_defaults;
  model::JobLimits job_limits;
};

/// Whether a job's data must be on the node already.
enum class Locality { Local, Anywhere };

struct AdmissionSettings {
  Locality locality = Locality::Local;
  bool reject_stateless_jobs = false;
  bool reject_networked_jobs = false;
  /// Empty: none.
  std::string probe_exec;
  std::string probe_http;
  Duration probe_timeout{0};
  std::size_t probes_running_max = 0;
  std::size_t probes_waiting_max = 0;
};

struct CapacitySettings {
  Share cpu;
  Share memory;
  Share disk;
  Share gpu;
};

struct ComputeSettings {
  bool enabled = false;
  CapacitySettings allocated;
  /// The most one job may ask for.
  CapacitySettings per_job;
  std::vector<std::string> allow_listed_local_paths;
  std::vector<std::string> env_allow_list;
  Duration heartbeat{0};
  Duration tolerance{0};
  Duration reservation{0};
  Duration result_retention{0};
  Duration input_timeout{0};
  std::size_t queue_max = 0;
  std::uint64_t log_head_bytes = 0;
  std::uint64_t log_tail_bytes = 0;
  std::size_t log_executions_max = 0;
  std::uint64_t log_bytes_max = 0;
  Duration log_retention{0};
  bool allow_weak_sandbox = false;
  AdmissionSettings admission;
};

struct ContentSettings {
  Duration collect_interval{0};
  std::uint64_t free_bytes_floor = 0;
  std::uint64_t budget_bytes = 0;
  std::uint64_t budget_entries = 0;
  std::size_t budget_depth = 0;
};

struct DriverSettings {
  std::vector<std::string> engines_disabled;
  std::vector<std::string> input_sources_disabled;
  std::vector<std::string> publishers_disabled;
  std::uint64_t wasm_cache_bytes = 0;
  std::uint64_t wasm_compile_memory_bytes = 0;
  Duration wasm_compile_time{0};
};

struct LoggingSettings {
  /// "debug", "info", "warn" or "error".
  std::string level;
  /// "default" (readable on a terminal, JSON lines elsewhere), "json" or "cmd" (readable).
  std::string mode;
};

struct NodeSettings {
  /// "~" already replaced by the home folder that was given.
  std::filesystem::path data_dir;
  model::StringMap labels;
  ApiSettings api;
  OrchestratorSettings orchestrator;
  ComputeSettings compute;
  ContentSettings content;
  DriverSettings drivers;
  LoggingSettings logging;
  /// Every setting as it holds, with its origin, for those who ask the node.
  std::vector<Explanation> effective;
};

/// `home` replaces a leading "~/" in paths. InvalidArgument where values do not fit together.
Result<NodeSettings> node_settings(const Config& config, const std::filesystem::path& home);

ApiSettings api_settings(const Config& config);
LoggingSettings logging_settings(const Config& config);

/// A path from a setting, with a leading "~" replaced.
std::filesystem::path expand_home(const std::string& path, const std::filesystem::path& home);

}  // namespace skrei::config
