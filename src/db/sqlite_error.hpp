// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.hpp"

namespace skrei::db {

/// The error of an SQLite (extended) result code on `file`; `message` is sqlite3_errmsg's.
Error sqlite_error(int extended_code, std::string_view message, const std::filesystem::path& file);

}  // namespace skrei::db
