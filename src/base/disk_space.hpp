// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/result.hpp"

namespace skrei {

struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};

/// Free and total bytes, as an ordinary user sees them, of the file system that holds `path`.
Result<DiskSpace> disk_space_of(const std::filesystem::path& path);

using DiskSpaceFunction = std::function<Result<DiskSpace>(const std::filesystem::path&)>;

/// OutOfSpace, with a sentence, while less than the smaller of `floor_bytes` and 5 % of the disk is
/// free where `path` lies. Cheap.
Result<void> check_disk_floor(const std::filesystem::path& path, std::uint64_t floor_bytes,
                              const DiskSpaceFunction& disk_space);

}  // namespace skrei
