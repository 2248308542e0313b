// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/fd.hpp"

namespace skrei {

/// Takes the lock file `path` (created 0600) for this process and writes the process id into it;
/// held until the descriptor is closed. FailedPrecondition names the holder: "<what> is in use by
/// process 123".
Result<UniqueFd> lock_file(const std::filesystem::path& path, std::string_view what);

}  // namespace skrei
