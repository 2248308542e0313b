// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.hpp"

namespace skrei::e2e {

/// A small file system of its own at a folder: ext4 on a file through a loop device or, where that
/// cannot be had, a tmpfs. Needs root, also that of a user namespace (`unshare -Urm`). Unmounted at
/// the end.
class SmallDisk {
 public:
  enum class Kind { Ext4, Tmpfs };

  /// `folder` is made where it is missing; `image` is the file for ext4. PermissionDenied if this
  /// process may not mount.
  static Result<std::unique_ptr<SmallDisk>> mount(std::filesystem::path image,
                                                  std::filesystem::path folder,
                                                  std::uint64_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  Kind kind() const { return kind_; }

  /// Fills it with one file until so many bytes are left.
  Result<void> fill(std::uint64_t left_bytes);
  /// Takes that file away.
  Result<void> empty();

  /// As a file system does that found itself damaged: every write fails from now on (ext4 only).
  Result<void> abort();
  /// Mounted again, as it lies on disk; nothing may be open in it.
  Result<void> remount(bool read_only);

 private:
  SmallDisk(Kind kind, std::filesystem::path image, std::filesystem::path folder)
      : kind_(kind), image_(std::move(image)), folder_(std::move(folder)) {}

  Kind kind_;
  std::filesystem::path image_;
  std::filesystem::path folder_;
};

}  // namespace skrei::e2e
