// SPDX-License-Identifier: Apache-2.0
#include "model/validate.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/bytes.hpp"
#include "base/nearest_word.hpp"
#include "model/resources.hpp"

namespace skrei::model {
namespace {

constexpr std::array<std::string_view, 3> kEngines{"docker", "noop", "wasm"};
constexpr std::array<std::string_view, 4> kPublishers{"ipfs", "local", "noop", "s3"};
constexpr std::array<std::string_view, 6> kSources{"inline", "ipfs",        "local",
                                                   "s3",     "urlDownload", "localDirectory"};

constexpr std::chrono::seconds kTimeoutMax = std::chrono::hours(24 * 365 * 10);

bool is_ops_or_daemon(const Job& job) {
  return job.type == JobType::Ops || job.type == JobType::Daemon;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// Collects everything that is wrong, each line with the place it is wrong at.
class Findings {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    if (!lines_.empty()) lines_ += '\n';
    lines_ += prefix_ + fmt::format(format, std::forward<Args>(args)...);
  }
  void check(const Result<void>& result) {
    if (!result) add("{}", result.error().message);
  }
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }

  Result<void> result() const {
    if (lines_.empty()) return {};
    return fail(Error{Code::InvalidArgument, lines_});
  }

 private:
  std::string lines_;
  std::string prefix_;
};

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

void check_name(Findings& findings, std::string_view what, std::string_view name,
                const JobLimits& limits) {
  if (name.size() > limits.name_bytes_max) {
    findings.add("{} of {} bytes; at most {} are taken", what, name.size(), limits.name_bytes_max);
  } else if (has_control_bytes(name)) {
    findings.add("{} \"{}\" holds control characters", what, to_valid_utf8(name));
  }
}

void check_list(Findings& findings, std::string_view what, std::size_t size,
                const JobLimits& limits) {
  if (size > limits.list_items_max) {
    findings.add("{} {}; at most {} are taken", size, what, limits.list_items_max);
  }
}

// A path that names one place below the root: absolute, without "." and "..".
bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/') || path.contains('\0')) return false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

// "mian" gets a hint; a kind that nobody knows may still be one of another node's.
void check_kind(Findings& findings, std::string_view what, std::string_view type,
                std::span<const std::string_view> known) {
  const bool is_known = std::ranges::any_of(
      known, [&](std::string_view kind) { return equal_ignoring_case(kind, type); });
  if (is_known) return;
  if (const std::string hint = did_you_mean(type, known); !hint.empty()) {
    findings.add("{}: unknown \"{}\"{}", what, type, hint);
  }
}

bool is_env_name(std::string_view name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z' && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void check_env(Findings& findings, const Task& task) {
  for (const auto& [name, value] : task.env) {
    if (!is_env_name(name)) {
      findings.add(
          "Env \"{}\": a name begins with a letter and has upper-case letters, digits and "
          "underscores",
          to_valid_utf8(name));
    } else if (name.starts_with("BACALHAU_") || name.starts_with("SKREI_")) {
      findings.add("Env \"{}\": names beginning with BACALHAU_ and SKREI_ are set by the node",
                   name);
    } else if (value.empty()) {
      findings.add("Env \"{}\": the value is empty", name);
    } else if (value.contains('\0')) {
      findings.add("Env \"{}\": the value holds a NUL byte", name);
    } else if (value.starts_with("env:") && !is_env_name(value.substr(4))) {
      findings.add("Env \"{}\": \"{}\" does not name a variable of the node", name, value);
    }
  }
}

void check_inputs(Findings& findings, const Task& task) {
  std::set<std::string_view> aliases;
  std::set<std::string_view> targets;
  for (const InputSource& input : task.input_sources) {
    if (input.source.type.empty()) {
      findings.add("input source for \"{}\" has no type", input.target);
    } else {
      check_kind(findings, "InputSources: type", input.source.type, kSources);
    }
    if (!input.alias.empty() && !aliases.insert(input.alias).second) {
      findings.add("input source with alias \"{}\" already exists", input.alias);
    }
    if (input.target.empty()) {
      findings.add("input source of type \"{}\" has no target", input.source.type);
    } else if (!targets.insert(input.target).second) {
      findings.add("input source with target \"{}\" already exists", input.target);
    } else if (input.target.contains('\0')) {
      findings.add("input source with a NUL byte in its target");
    } else if (input.target.starts_with('/') && !is_plain_path(input.target)) {
      findings.add("input target \"{}\" may not hold \".\" or \"..\"", input.target);
    }
  }
}

bool is_result_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && !name.contains('/') &&
         !has_control_bytes(name);
}

void check_results(Findings& findings, const Task& task) {
  static constexpr std::array<std::string_view, 3> kTaken{"stdout", "stderr", "exitCode"};
  std::set<std::string_view> names;
  std::set<std::string_view> paths;
  for (const ResultPath& result : task.result_paths) {
    if (!is_result_name(result.name)) {
      findings.add("result name \"{}\" is not the name of a folder", to_valid_utf8(result.name));
    } else if (std::ranges::find(kTaken, result.name) != kTaken.end()) {
      findings.add("result name \"{}\" is taken by the program's own output", result.name);
    } else if (!names.insert(result.name).second) {
      findings.add("result path with name \"{}\" already exists", result.name);
    }
    if (!is_plain_path(result.path)) {
      findings.add("result path \"{}\" must be absolute, without \".\" and \"..\"",
                   to_valid_utf8(result.path));
    } else if (!paths.insert(result.path).second) {
      findings.add("result path \"{}\" already exists", result.path);
    }
  }
  if (!task.result_paths.empty() && task.publisher.empty()) {
    findings.add("a publisher must be set if result paths are set");
  }
}

bool is_domain(std::string_view domain) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.empty() || domain.size() > 253 || domain.ends_with('.')) return false;
  for (std::size_t at = 0; at < domain.size();) {
    const std::size_t end = std::min(domain.find('.', at), domain.size());
    const std::string_view label = domain.substr(at, end - at);
    const bool fits = !label.empty() && label.size() <= 63 && label.front() != '-' &&
                      label.back() != '-' && std::ranges::all_of(label, [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                      });
    if (!fits) return false;
    at = end + 1;
  }
  return domain.contains('.');
}

// Becomes part of the names of environment variables.
bool is_port_name(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void check_port(Findings& findings, const PortMapping& port, bool is_host) {
  if (port.name.empty()) {
    findings.add("port without a name");
  } else if (!is_port_name(port.name)) {
    findings.add("port name \"{}\" has other characters than letters, digits and underscores",
                 to_valid_utf8(port.name));
  }
  if (port.static_port != 0 && (port.static_port < 1024 || port.static_port > 65535)) {
    findings.add("port \"{}\": static port {} is not in 1024–65535", port.name, port.static_port);
  }
  if (port.target < 0 || port.target > 65535) {
    findings.add("port \"{}\": target {} is not in 0–65535", port.name, port.target);
  }
  if (is_host && port.target != 0) {
    findings.add("port \"{}\": target is not allowed in Host mode", port.name);
  }
}

void check_network(Findings& findings, const Network& network) {
  const bool is_host = network.type == NetworkType::Host;
  const bool is_bridge = network.type == NetworkType::Bridge;
  if (!network.domains.empty() && network.type != NetworkType::Http) {
    findings.add("domains can be set with network type HTTP only");
  }
  for (const std::string& domain : network.domains) {
    if (!is_domain(domain)) findings.add("invalid domain \"{}\"", to_valid_utf8(domain));
  }
  if (!network.ports.empty() && !is_host && !is_bridge) {
    findings.add("ports can be set with network types Host and Bridge only");
  }
  std::set<std::string> names;
  std::set<int> statics;
  std::set<int> targets;
  for (const PortMapping& port : network.ports) {
    check_port(findings, port, is_host);
    if (!port.name.empty() && !names.insert(ascii_lower(port.name)).second) {
      findings.add("port name \"{}\" already exists", port.name);
    }
    if (port.static_port != 0 && !statics.insert(port.static_port).second) {
      findings.add("static port {} already exists", port.static_port);
    }
    if (is_bridge && port.target != 0 && !targets.insert(port.target).second) {
      findings.add("target port {} already exists", port.target);
    }
  }
}

void check_timeouts(Findings& findings, const Timeouts& timeouts) {
  const std::array<std::pair<std::string_view, std::chrono::seconds>, 3> each{
      {{"ExecutionTimeout", timeouts.execution},
       {"QueueTimeout", timeouts.queue},
       {"TotalTimeout", timeouts.total}}};
  for (const auto& [name, timeout] : each) {
    if (timeout < timeout.zero()) {
      findings.add("{} {} s is negative", name, timeout.count());
      return;
    }
    if (timeout > kTimeoutMax) {
      findings.add("{} {} s is more than ten years; leave it out for no limit", name,
                   timeout.count());
      return;
    }
  }
  if (timeouts.total > timeouts.total.zero() &&
      timeouts.execution + timeouts.queue > timeouts.total) {
    findings.add("ExecutionTimeout {} s and QueueTimeout {} s together exceed TotalTimeout {} s",
                 timeouts.execution.count(), timeouts.queue.count(), timeouts.total.count());
  }
}

void check_task(Findings& findings, const Task& task, const JobLimits& limits) {
  if (task.name.empty()) {
    findings.add("missing task name");
  } else {
    check_name(findings, "task name", task.name, limits);
  }
  if (task.engine.type.empty()) {
    findings.add("missing engine type");
  } else {
    check_kind(findings, "Engine.Type", task.engine.type, kEngines);
  }
  if (!task.publisher.empty()) {
    check_kind(findings, "Publisher.Type", task.publisher.type, kPublishers);
  }
  check_list(findings, "environment variables", task.env.size(), limits);
  check_list(findings, "input sources", task.input_sources.size(), limits);
  check_list(findings, "result paths", task.result_paths.size(), limits);
  check_list(findings, "ports", task.network.ports.size(), limits);
  check_list(findings, "domains", task.network.domains.size(), limits);
  check_env(findings, task);
  check_inputs(findings, task);
  check_results(findings, task);
  if (const auto resources = parse_resources(task.resources); !resources) {
    findings.add("{}", resources.error().message);
  }
  check_network(findings, task.network);
  check_timeouts(findings, task.timeouts);
}

const TypeDefaults& defaults_of(const JobDefaults& defaults, JobType type) {
  switch (type) {
    case JobType::Ops:
      return defaults.ops;
    case JobType::Service:
      return defaults.service;
    case JobType::Daemon:
      return defaults.daemon;
    case JobType::Batch:
    case JobType::Unset:
      break;
  }
  return defaults.batch;
}

void fill(std::string& field, const std::string& value) {
  if (field.empty()) field = value;
}

}  // namespace

void normalise(Job& job) {
  job.name = trimmed(job.name);
  job.namespace_ = trimmed(job.namespace_);
  if (job.namespace_.empty()) job.namespace_ = "default";
  if (is_ops_or_daemon(job) && (job.count == 0 || job.count == 1)) job.count = 0;
  for (Task& task : job.tasks) {
    task.name = trimmed(task.name);
    task.engine.type = trimmed(task.engine.type);
    task.publisher.type = trimmed(task.publisher.type);
    for (InputSource& input : task.input_sources)
      input.source.type = trimmed(input.source.type);
    for (std::string& domain : task.network.domains)
      domain = ascii_lower(trimmed(domain));
  }
}

std::vector<std::string> sanitise(Job& job) {
  std::vector<std::string> warnings;
  const auto drop = [&](auto& field, std::string_view name) {
    const std::remove_reference_t<decltype(field)> unset{};
    if (std::exchange(field, unset) != unset) {
      warnings.push_back(fmt::format("{} is set by the server; the given one is ignored", name));
    }
  };
  drop(job.id, "ID");
  drop(job.state, "State");
  drop(job.version, "Version");
  drop(job.revision, "Revision");
  drop(job.create_time, "CreateTime");
  drop(job.modify_time, "ModifyTime");
  if (job.tasks.size() > 1) {
    warnings.push_back(
        fmt::format("a job has one task; {} more are ignored", job.tasks.size() - 1));
    job.tasks.resize(1);
  }
  std::erase_if(job.meta, [&](const auto& entry) {
    if (!entry.first.starts_with(kReservedMetaPrefix)) return false;
    warnings.push_back(fmt::format("Meta key \"{}\" is reserved and ignored", entry.first));
    return true;
  });
  return warnings;
}

void apply_defaults(Job& job, const JobDefaults& defaults) {
  const TypeDefaults& given = defaults_of(defaults, job.type);
  if (job.priority == 0) job.priority = given.priority;
  const bool ends = job.type == JobType::Batch || job.type == JobType::Ops;
  for (Task& task : job.tasks) {
    fill(task.resources.cpu, given.resources.cpu);
    fill(task.resources.memory, given.resources.memory);
    fill(task.resources.disk, given.resources.disk);
    fill(task.resources.gpu, given.resources.gpu);
    if (!ends) continue;
    if (task.publisher.empty()) task.publisher = given.publisher;
    Timeouts& timeouts = task.timeouts;
    if (timeouts.total.count() == 0) timeouts.total = given.timeouts.total;
    if (timeouts.queue.count() == 0) timeouts.queue = given.timeouts.queue;
    if (timeouts.execution.count() == 0) timeouts.execution = given.timeouts.execution;
  }
}

Result<void> validate(const Job& job, const JobLimits& limits) {
  Findings findings;
  check_name(findings, "Name", job.name, limits);
  check_name(findings, "Namespace", job.namespace_, limits);
  if (job.namespace_ == "*") findings.add("Namespace \"*\" means all namespaces; give one");
  if (job.type == JobType::Unset) {
    findings.add("missing job type; set Type to batch, ops, service or daemon");
  }
  if (job.count < 0) {
    findings.add("Count {} is negative", job.count);
  } else if (job.count > limits.count_max) {
    findings.add("Count {} is more than {}", job.count, limits.count_max);
  } else if (is_ops_or_daemon(job) && job.count > 1) {
    findings.add("{} jobs run once on every matching node; leave Count out", to_string(job.type));
  }
  check_list(findings, "constraints", job.constraints.size(), limits);
  check_list(findings, "labels", job.labels.size(), limits);
  check_list(findings, "meta entries", job.meta.size(), limits);
  for (const Constraint& constraint : job.constraints)
    findings.check(validate(constraint));
  if (job.tasks.empty()) findings.add("missing tasks; a job has exactly one");
  if (job.tasks.size() > 1) findings.add("{} tasks; a job has exactly one", job.tasks.size());
  for (const Task& task : job.tasks) {
    findings.set_prefix(fmt::format("task \"{}\": ", to_valid_utf8(task.name)));
    check_task(findings, task, limits);
  }
  return findings.result();
}

Result<AdmittedJob> admit(Job submitted, const JobDefaults& defaults, const JobLimits& limits) {
  AdmittedJob admitted{.job = std::move(submitted), .warnings = {}};
  normalise(admitted.job);
  admitted.warnings = sanitise(admitted.job);
  apply_defaults(admitted.job, defaults);
  TRY(validate(admitted.job, limits));
  return admitted;
}

}  // namespace skrei::model
