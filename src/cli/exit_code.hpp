// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"

namespace skrei::cli {

/// What `skrei` ends with when it is not a job's own code. As Docker where Docker has one.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,         ///< The command could not do what it was asked.
  kExitUsage = 2,           ///< Wrong flag or argument.
  kExitCannotBePlaced = 3,  ///< No node takes the job.
  kExitTimedOut = 124,      ///< A time limit of the job or of the wait.
  kExitSkreiFailed = 125,   ///< Skrei, not the program, failed while a job was run.
  kExitNotRunnable = 126,   ///< The program is there but is no program that can be run.
  kExitNotFound = 127,      ///< The program or an input was not found.
  kExitInterrupted = 130,   ///< SIGINT.
  kExitTerminated = 143,    ///< SIGTERM.
};

/// The code of a command (not of a job) that failed with `code`.
constexpr int exit_code_of(Code code) {
  if (code == Code::InvalidArgument) return kExitUsage;
  return code == Code::DeadlineExceeded ? kExitTimedOut : kExitFailure;
}

}  // namespace skrei::cli
