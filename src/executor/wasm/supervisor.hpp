// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "executor/output_stream.hpp"
#include "executor/wasm/walls.hpp"
#include "executor/wasm/walls_support.hpp"

/// The WASM supervisor: one process per data directory and engine that forks a child for each run.
///
/// It is exec'd anew (`skrei wasm-supervisor`), so it never held anything of a job or of the node;
/// single-threaded, so that fork is safe and cheap; a daemon, so that it outlives the node. A node
/// finds it by its socket (supervisor_protocol.hpp). Programs, their output streams and exit
/// records are its own; if it dies, so do its children (PR_SET_PDEATHSIG), and their executions are
/// lost. Without a node for the orphan limit it stops what runs and ends. Supervisors of another
/// version listen beside it under another name.
namespace skrei::executor::wasm {

/// First argument by which main() of `skrei` knows that it is a supervisor.
inline constexpr std::string_view kSupervisorCommand = "wasm-supervisor";

struct SupervisorOptions {
  /// Folder of the socket, its lock and the log, 0700.
  std::filesystem::path folder;
  /// Folder of the executions (executor/execution_file.hpp).
  std::filesystem::path executions;
  WallsLevel walls = WallsLevel::Landlock;
  /// Ids that programs may become; needs root. Unset: they run as the supervisor's user.
  std::optional<WallsUsers> users;
  OutputRetention retention;
  std::chrono::seconds orphan_limit{600};

  bool operator==(const SupervisorOptions&) const = default;
};

/// The command line, from kSupervisorCommand on, and its inverse.
std::vector<std::string> to_arguments(const SupervisorOptions& options);
Result<SupervisorOptions> parse_arguments(std::vector<std::string> arguments);

/// Body of the supervisor; main() calls it when argv[1] is kSupervisorCommand, before it does
/// anything else. The calling process ends with status 0 as soon as the socket listens (or another
/// supervisor holds the place), and a daemon goes on; else 1, with a sentence on stderr.
int run_supervisor(int argc, char** argv);

}  // namespace skrei::executor::wasm
