// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/options.hpp"
#include "http/url.hpp"

namespace skrei::cli {

/// Which job, and which of its versions, a command is about.
struct JobFlags {
  /// Id, beginning of an id, or name.
  std::string job;
  std::string name_space;
  /// 0: the newest.
  std::int64_t version = 0;

  /// The argument JOB and --namespace.
  void declare(Options& options);
  /// -v, --version.
  void declare_version(Options& options);

  /// "orchestrator/jobs/my-job/history"; `below` as "/history" or empty.
  std::string path(std::string_view below) const;
  /// Namespace and version, where they are given.
  void add_to(http::Query& query) const;
};

}  // namespace skrei::cli
