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
  bool dry_run = false;

  void declare(Options& options);
};

/// Where the job runs: on a node that goes on without us, or on one that lives for this job.
enum class RunPlace { Node, Local };

/// Hands the job in, follows it to its end, and says how it ended. The exit code.
async::Task<Result<int>> run_job(Session& session, model::Job job, WaitFlags flags, RunPlace place,
                                 async::Signals* signals = nullptr);

/// The exit code of a `run` command for an error before there was a program to run.
int exit_code_of_run(const Error& error);

}  // namespace skrei::cli
