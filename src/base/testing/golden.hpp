// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include <gtest/gtest.h>

namespace skrei::testing {

/// Root of the source tree that the tests were built from.
std::filesystem::path source_dir();

/// Whether the file at `path` (below the source root) holds exactly `actual`. When the variable
/// SKREI_UPDATE_GOLDEN is set the file is written instead, for a person to read the difference.
::testing::AssertionResult matches_golden(const std::filesystem::path& path,
                                          std::string_view actual);

/// The text of a file below the source root; empty, with a failure, if it cannot be read.
std::string read_source_file(const std::filesystem::path& path);

}  // namespace skrei::testing
