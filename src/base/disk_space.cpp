// SPDX-License-Identifier: Apache-2.0
#include "base/disk_space.hpp"

#include <algorithm>

#include <sys/statvfs.h>

namespace skrei {
namespace {

constexpr std::uint64_t kFloorParts = 20;

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

}  // namespace

Result<DiskSpace> disk_space_of(const std::filesystem::path& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) return fail_errno(path.native());
  return DiskSpace{std::uint64_t{info.f_bavail} * info.f_frsize,
                   std::uint64_t{info.f_blocks} * info.f_frsize};
}

Result<void> check_disk_floor(const std::filesystem::path& path, std::uint64_t floor_bytes,
                              const DiskSpaceFunction& disk_space) {
  TRY_ASSIGN(const DiskSpace space, disk_space(path));
  const std::uint64_t floor = std::min(floor_bytes, space.total_bytes / kFloorParts);
  if (space.free_bytes >= floor) return {};
  return fail(Error{Code::OutOfSpace,
                    fmt::format("the disk of {} has {} free, less than the floor of {}: new work "
                                "is refused, accepted work goes on",
                                path.native(), megabytes(space.free_bytes), megabytes(floor)),
                    "free some space there; nothing else needs to be done"});
}

}  // namespace skrei
