// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "async/signals.hpp"
#include "cli/api_command.hpp"
#include "cli/options.hpp"
#include "model/job.hpp"

namespace skrei::cli {

/// How `run` commands go on once the job is handed in.
struct WaitFlags {
  bool id_only = false;
  bool detach = false;
  bool wait = true;
  bool json = false;
  bool hide_warnings = false;
  bool node_details = false;
  bool group_events = false;
  std::int64_t wait_timeout_secs = 0;

  void declare(Options& options);
};

/// Where the job runs: on a node that goes on without us, or on one that lives for this job.
enum class RunPlace { Node, Local };

/// Follows a job that was handed in to its end, as `flags` say, and says how it ended. The exit
/// code.
async::Task<Result<int>> follow_submitted(Session& session, SubmittedJob submitted, WaitFlags flags,
                                          RunPlace place, async::Signals* signals = nullptr);

/// Hands the job in, follows it to its end, and says how it ended. The exit code.
async::Task<Result<int>> run_job(Session& session, Submission submission, WaitFlags flags,
                                 RunPlace place, async::Signals* signals = nullptr);

/// The exit code of a `run` command for an error before there was a program to run.
int exit_code_of_run(const Error& error);

}  // namespace skrei::cli
