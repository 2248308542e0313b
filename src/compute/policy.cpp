// SPDX-License-Identifier: Apache-2.0
#include "compute/policy.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "model/engine_params.hpp"

namespace skrei::compute {
namespace {

using protocol::Reason;
using protocol::RefusalKind;

Reason never(std::string clause, std::string sentence) {
  return {std::move(clause), std::move(sentence), RefusalKind::Never};
}

bool holds(const std::vector<std::string>& kinds, const model::SpecConfig& spec) {
  return std::ranges::any_of(kinds,
                             [&](const std::string& kind) { return model::is_kind(spec, kind); });
}

void check_kinds(const SelectionPolicy& policy, const model::Task& task,
                 std::vector<Reason>& reasons) {
  if (!holds(policy.engines, task.engine)) {
    reasons.push_back(
        never("engine", fmt::format("this node does not support engine {}", task.engine.type)));
  }
  if (!task.publisher.empty() && !holds(policy.publishers, task.publisher)) {
    reasons.push_back(never(
        "publisher", fmt::format("this node does not support publisher {}", task.publisher.type)));
  }
  for (const model::InputSource& input : task.input_sources) {
    if (holds(policy.storage_sources, input.source)) continue;
    reasons.push_back(never(
        "storage", fmt::format("this node does not support input source {}", input.source.type)));
  }
}

}  // namespace

Result<model::Resources> counted_resources(const model::Job& job,
                                           const model::Resources& job_default) {
  TRY_ASSIGN(model::Resources counted, model::parse_resources(job.task().resources));
  if (counted.cpu_millis == 0) counted.cpu_millis = job_default.cpu_millis;
  if (counted.memory_bytes == 0) counted.memory_bytes = job_default.memory_bytes;
  if (counted.disk_bytes == 0) counted.disk_bytes = job_default.disk_bytes;
  if (counted.gpu == 0) counted.gpu = job_default.gpu;
  return counted;
}

bool is_stateless(const model::Job& job) {
  const model::Task& task = job.task();
  const auto wasm = model::wasm_params(task.engine);
  return std::ranges::all_of(task.input_sources, [&](const model::InputSource& input) {
    if (!wasm) return false;
    return input.target == wasm->entry_module ||
           std::ranges::find(wasm->import_modules, input.target) != wasm->import_modules.end();
  });
}

std::vector<Reason> check_job(const SelectionPolicy& policy, const NodeId& requester,
                              const model::Job& job, const model::Resources& counted) {
  std::vector<Reason> reasons;
  if (policy.accept_from && !policy.accept_from->contains(requester)) {
    reasons.push_back(
        never("requester", fmt::format("this node takes no jobs from {}", requester)));
  }
  check_kinds(policy, job.task(), reasons);
  const model::NetworkType network = job.task().network.type;
  if (network != model::NetworkType::Default && network != model::NetworkType::None) {
    reasons.push_back(never("network", "this node gives jobs no network"));
  }
  if (policy.reject_stateless && is_stateless(job)) {
    reasons.push_back(never("stateless", "this node does not accept jobs without input data"));
  }
  const std::string misfit = model::explain_misfit(counted, policy.job_limit);
  if (!misfit.empty()) reasons.push_back(never("resources", misfit));
  return reasons;
}

std::vector<Reason> check_assessment(const SelectionPolicy& policy, const Assessment& assessment) {
  std::vector<Reason> reasons = assessment.refusals;
  if (policy.locality == Locality::Anywhere) return reasons;
  if (!assessment.absent.empty()) {
    reasons.push_back(never("locality", fmt::format("{} is not whole on this node, which takes "
                                                    "local data only",
                                                    assessment.absent)));
  } else if (!assessment.missing_bytes) {
    reasons.push_back({"locality", "it is not established yet that all input data is on this node",
                       RefusalKind::NotNow});
  } else if (*assessment.missing_bytes > 0) {
    reasons.push_back(
        never("locality",
              fmt::format("{} of input data are not on this node, which takes local data only",
                          model::format_byte_size(*assessment.missing_bytes))));
  }
  return reasons;
}

Reason busy(std::string sentence) {
  return {"busy", std::move(sentence), RefusalKind::NotNow};
}

}  // namespace skrei::compute
