// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

#include "base/result.hpp"
#include "testing/runner.hpp"

namespace skrei::bench {

/// Fills the store of a node that does not run with `count` copies of its newest job: with its
/// executions and history, ids of their own ("j-…"), and names "stored-0", "stored-1" and so on.
/// The rows go the way of all rows, through the job store's writer, many jobs to a transaction.
Result<void> copy_newest_job(e2e::Runner& runner, const std::filesystem::path& data_dir,
                             std::size_t count);

}  // namespace skrei::bench
