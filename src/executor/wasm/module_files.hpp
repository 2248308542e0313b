// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <mutex>

#include "base/fd.hpp"
#include "base/hash.hpp"

namespace skrei::executor::wasm {

/// A module as a file, and what is in it.
struct ModuleFile {
  UniqueFd fd;
  Sha256Digest digest{};
};

/// Opens module files and knows the digests of those that it has seen: a file is read again only if
/// its device, inode, size or change time differ. Any thread.
class ModuleFiles {
 public:
  explicit ModuleFiles(std::size_t digests_max = 1024) : digests_max_(digests_max) {}

  /// InvalidArgument if it is not a regular file. Blocks.
  Result<ModuleFile> open(const std::filesystem::path& path);

 private:
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;

    auto operator<=>(const Identity&) const = default;
  };

  std::size_t digests_max_;
  std::mutex mutex_;  // The digests are asked for and added by threads of a pool.
  std::map<Identity, Sha256Digest> digests_;
  std::list<Identity> order_;  // Oldest first.
};

}  // namespace skrei::executor::wasm
