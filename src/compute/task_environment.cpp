// SPDX-License-Identifier: Apache-2.0
#include "compute/task_environment.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <fnmatch.h>

#include "base/hash.hpp"

namespace skrei::compute {
namespace {

constexpr std::string_view kFromHost = "env:";

/// Name of the host's variable that `value` stands for; empty if it is a plain value.
std::string host_variable(const std::string& value) {
  return value.starts_with(kFromHost) ? value.substr(kFromHost.size()) : "";
}

Result<void> check_allowed(const std::string& name, const std::vector<std::string>& allow) {
  const bool allowed = std::any_of(allow.begin(), allow.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
  if (allowed) return {};
  return fail(Error{Code::PermissionDenied,
                    fmt::format("environment: this node does not hand out its variable {}", name),
                    "its owner allows variables with the setting Compute.Env.AllowList"});
}

/// Both ids are digests of ours, so that every part of the network derives the same ones.
std::string trace_parent(const JobId& job, const ExecutionId& execution) {
  const Sha256Digest trace = sha256(as_bytes(job.str()));
  const Sha256Digest span = sha256(as_bytes(execution.str()));
  return fmt::format("00-{}-{}-01", to_hex(ByteView(trace).first(16)),
                     to_hex(ByteView(span).first(8)));
}

}  // namespace

bool asks_for_host_variables(const model::Task& task) {
  return std::any_of(task.env.begin(), task.env.end(),
                     [](const auto& variable) { return !host_variable(variable.second).empty(); });
}

Result<void> check_environment(const model::Task& task, const std::vector<std::string>& allow) {
  for (const auto& [name, value] : task.env) {
    const std::string wanted = host_variable(value);
    if (!wanted.empty()) TRY(check_allowed(wanted, allow));
  }
  return {};
}

Result<model::StringMap> task_environment(const protocol::HostedExecution& hosted,
                                          const NodeId& node,
                                          const std::vector<std::string>& allow) {
  const model::Job& job = *hosted.job;
  const int count = std::max(1, job.count);
  model::StringMap env = {
      {"BACALHAU_EXECUTION_ID", hosted.id.str()},
      {"BACALHAU_JOB_ID", job.id.str()},
      {"BACALHAU_JOB_TYPE", std::string(model::to_string(job.type))},
      {"BACALHAU_PARTITION_INDEX", fmt::format("{}", hosted.partition_index)},
      {"BACALHAU_PARTITION_COUNT", fmt::format("{}", count)},
      {"SKREI_EXECUTION_ID", hosted.id.str()},
      {"SKREI_JOB_ID", job.id.str()},
      {"SKREI_NODE_ID", node.str()},
      {"SKREI_PARTITION_INDEX", fmt::format("{}", hosted.partition_index)},
      {"SKREI_PARTITION_COUNT", fmt::format("{}", count)},
      {"SKREI_ATTEMPT", fmt::format("{}", hosted.attempt)},
      {"TRACEPARENT", trace_parent(job.id, hosted.id)},
  };
  for (const auto& [name, value] : job.task().env) {
    const std::string wanted = host_variable(value);
    if (wanted.empty()) {
      env[name] = value;
      continue;
    }
    TRY(check_allowed(wanted, allow));
    const char* host_value = std::getenv(wanted.c_str());
    if (host_value == nullptr) {
      return fail(Code::NotFound, "environment: variable {} is not set on node {}", wanted, node);
    }
    env[name] = host_value;
  }
  return env;
}

}  // namespace skrei::compute
