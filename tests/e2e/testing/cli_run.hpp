// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "async/loop.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::e2e {

/// What a finished command left.
struct CliResult {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// One command line of `skrei`.
struct CliRun {
  std::vector<std::string> arguments;
  /// HOME and working folder of the command.
  std::filesystem::path home;
  /// Port of the node that it talks to; 0: none is named.
  std::uint16_t port = 0;
  Duration limit = std::chrono::seconds(60);
};

/// Runs it to its end, off a terminal. DeadlineExceeded, and killed, when it takes longer than its
/// limit. A command that a signal ended has exit code 128 + signal.
async::Task<Result<CliResult>> run_cli(async::Loop& loop, CliRun run);

}  // namespace skrei::e2e
