// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <vector>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/ids.hpp"
#include "executor/engine.hpp"

namespace skrei::compute {

// The files of one execution that are neither its engine's nor its inputs'.

/// Makes an execution's folder, 0700, where it is missing.
Result<void> make_folder(const std::filesystem::path& execution);

/// Makes the folders that a program fills, empty and 0700.
Result<void> make_result_folders(const std::vector<executor::ResultMount>& results);

/// Bytes of one output stream that are published at most.
inline constexpr std::uint64_t kPublishedOutputMax = 65 << 20;

/// Copies what is kept of an output stream into a plain file, for publishing. Where the middle was
/// dropped, a line says how much.
async::Task<Result<void>> copy_output(async::BlockingPool& pool, executor::Engine& engine,
                                      ExecutionId id, executor::OutputSource source,
                                      std::filesystem::path target);

/// Executions that have a folder, `<executions>/<id>`, in no order.
Result<std::set<ExecutionId>> executions_with_folder(const std::filesystem::path& executions);

/// Removes a folder with all in it; success if it is not there.
Result<void> remove_tree(const std::filesystem::path& folder);

}  // namespace skrei::compute
