// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

#include "async/signals.hpp"
#include "cli/api_command.hpp"

namespace skrei::cli {

/// Work on a node of its own, with the signals that it has to obey.
using LocalWork = std::function<async::Task<Result<int>>(Session&, async::Signals&)>;

/// Starts a node in this process, on a port that the system chooses, in a new temporary folder;
/// runs `work` against it; ends it with all it started, and removes the folder. SIGINT, SIGTERM and
/// SIGHUP are kept for `work`, so that none of them leaves anything behind.
async::Task<Result<int>> with_local_node(Session& session, LocalWork work);

}  // namespace skrei::cli
