// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"

/// The small files of a cgroup's folder. For the .cpp files of cgroup.hpp.
namespace skrei::executor::wasm::cgroup_files {

/// One write(2), as the kernel wants it. NotFound if this kernel has no such file.
Result<void> write_text(int folder, const char* file, std::string_view text);

/// Whole text of a file, at most 64 KiB.
Result<std::string> read_text(int folder, const char* file);

/// The number that is the file's whole text, or that follows `key` and a blank on a line.
std::optional<std::uint64_t> read_number(int folder, const char* file, std::string_view key = {});

/// Process ids, one a line.
std::vector<pid_t> parse_processes(std::string_view text);

Result<void> add_process(const std::filesystem::path& cgroup, pid_t pid);

/// Names of the folders right below; none if `path` cannot be read.
std::vector<std::string> folders_in(const std::filesystem::path& path);

}  // namespace skrei::executor::wasm::cgroup_files
