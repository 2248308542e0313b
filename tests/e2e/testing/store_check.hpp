// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace skrei::e2e {

/// Opens every SQLite file below the data directory of a stopped node and has SQLite check it
/// whole. Internal names the file and what is damaged; NotFound if there is none.
Result<void> check_stores(const std::filesystem::path& data_dir);

}  // namespace skrei::e2e
