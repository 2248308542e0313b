// SPDX-License-Identifier: Apache-2.0
#include "protocol/late_result.hpp"

#include <algorithm>
#include <utility>

#include "model/storage_params.hpp"

namespace skrei::protocol {
namespace {

bool has_outside_effects(const model::Job& job) {
  if (job.type == model::JobType::Service || job.type == model::JobType::Daemon) return true;
  const model::Task& task = job.task();
  if (task.network.type != model::NetworkType::Default &&
      task.network.type != model::NetworkType::None) {
    return true;
  }
  return std::ranges::any_of(task.input_sources, [](const model::InputSource& input) {
    const auto local = model::local_directory_source(input.source);
    return local && local->read_write;
  });
}

}  // namespace

bool accepts_late_result(const model::Job& job) {
  switch (job.late_result) {
    case model::LateResult::Accept:
      return true;
    case model::LateResult::Refuse:
      return false;
    case model::LateResult::Default:
      return !has_outside_effects(job);
  }
  std::unreachable();
}

}  // namespace skrei::protocol
