// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

// What the durable stores ask of a file system. It is a contract, so that a test can put a disk
// below them that loses power (db/testing/power_cut_disk.hpp).
//
// What a power cut leaves: of a file what sync() covered and, of later writes, any part in any
// order; of a folder's entries (made, renamed, removed) what sync_folder() covered, and of later
// changes any. A failed sync says nothing about a later one: what it covered may be gone although
// the next sync succeeds. So it is never tried again.

namespace skrei {

/// One open file. Thread-safe as pread(2) and pwrite(2) are.
class File {
 public:
  virtual ~File() = default;

  virtual Result<void> write_at(ByteView bytes, std::int64_t offset) = 0;
  /// Fills `into` from `offset`; gives how many bytes there were: fewer only at the file's end.
  virtual Result<std::size_t> read_at(std::span<std::uint8_t> into, std::int64_t offset) = 0;
  virtual Result<std::int64_t> size() = 0;
  virtual Result<void> truncate(std::int64_t size) = 0;
  /// Contents and size, not the entry in the folder.
  virtual Result<void> sync() = 0;
};

/// Thread-safe. Errors name the path.
class FileSystem {
 public:
  enum class Open {
    Existing,  ///< NotFound if it is not there.
    Create,    ///< Made (mode 0600) if it is not there; else as it is.
    Replace,   ///< Made (mode 0600), or emptied.
  };

  virtual ~FileSystem() = default;

  /// For reading and writing. A link as the last part of the path is refused.
  virtual Result<std::unique_ptr<File>> open(const std::filesystem::path& path, Open how) = 0;
  virtual Result<void> rename(const std::filesystem::path& from,
                              const std::filesystem::path& to) = 0;
  /// Removing what is not there is success.
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  /// Makes the entries of `folder` durable.
  virtual Result<void> sync_folder(const std::filesystem::path& folder) = 0;
  /// The names in `folder`, sorted.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& folder) = 0;
};

/// The kernel's.
FileSystem& system_files();

}  // namespace skrei
