// SPDX-License-Identifier: Apache-2.0
#include "cli/job_flags.hpp"

#include <limits>

#include <fmt/format.h>

namespace skrei::cli {

void JobFlags::declare(Options& options) {
  options.argument("JOB", job, "Id, beginning of an id, or name");
  options.value("--namespace", name_space, "NAME", "The job's namespace, to find it by name");
}

void JobFlags::declare_version(Options& options) {
  options.number("-v,--version", version, 0, std::numeric_limits<std::int32_t>::max(),
                 "Of this version of the job; 0 is the newest");
}

std::string JobFlags::path(std::string_view below) const {
  return fmt::format("orchestrator/jobs/{}{}", http::percent_encode(job), below);
}

void JobFlags::add_to(http::Query& query) const {
  if (!name_space.empty()) query.add("namespace", name_space);
  if (version > 0) query.add("job_version", std::to_string(version));
}

}  // namespace skrei::cli
