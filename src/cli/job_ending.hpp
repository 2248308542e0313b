// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/api_client.hpp"
#include "json/json_fwd.hpp"

namespace skrei::cli {

/// Whose exit code it is: the program's own, or one by which Skrei says why there is none.
enum class ExitOrigin { Job, Skrei };

/// "job", "skrei".
std::string_view to_string(ExitOrigin origin);

struct PublishedResult {
  int partition = 0;
  std::string cid;

  bool operator==(const PublishedResult&) const = default;
};

/// What a job that has ended means to whoever waited for it.
struct JobEnding {
  int exit_code = 0;
  ExitOrigin origin = ExitOrigin::Job;
  /// Why it did not end by itself; empty if it did.
  std::string message;
  std::string hint;
  /// By partition.
  std::vector<PublishedResult> results;
};

/// The exit code: 0 if all partitions gave 0, else that of the lowest one that did not. Where
/// Skrei ended the job: 124 a time limit, 126 no program that can be run, 127 not found, 3 no node
/// takes it, 143 stopped by somebody, and 125 for the rest (a trap, a memory limit, a fault of the
/// node). `record.job` has ended.
JobEnding ending_of(const JobRecord& record);

/// {"job_id", "state", "exit_code", "exit_origin", "message", "hint", "results": [{"partition",
/// "cid"}], "stdout", "stderr"} (the output's beginning, of the lowest partition).
json::Value ending_to_json(const JobRecord& record, const JobEnding& ending);

}  // namespace skrei::cli
