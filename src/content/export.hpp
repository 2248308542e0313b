// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "archive/tar_writer.hpp"
#include "base/stream.hpp"
#include "content/unixfs_reader.hpp"

// UnixFS trees as files, tar and bytes. All functions block, check every block and run under a
// budget (ResourceExhausted beyond it).

namespace skrei::content {

/// A tree as a tar, pulled piece by piece: made for answering over HTTP without a thread that waits
/// for the client. Entries lie below `name` (a folder's or file's name; empty: a folder's entries
/// lie at the top, and a file is called by its CID).
class TarExport {
 public:
  TarExport(BlockSource& source, multi::Cid root, std::string name, Budget budget);

  /// About 1 MiB at most a call; empty once the archive is whole. After an error the archive is
  /// cut off and must not be taken for whole.
  Result<Bytes> next();

 private:
  Result<void> step();

  BlockSource& source_;
  TreeWalker walker_;
  std::string name_;
  Bytes out_;
  archive::TarWriter writer_;
  std::optional<FileReader> file_;
  bool finished_ = false;
};

enum class Permissions {
  Ordinary,  ///< Files 0644, folders 0755.
  ReadOnly,  ///< Files 0444, folders 0555.
};

struct TreeSize {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  ///< Of file contents.

  bool operator==(const TreeSize&) const = default;
};

/// Writes the tree at `root` as `target`, which must not exist (AlreadyExists), while its folder
/// does. On an error what was written is removed. Symbolic links are made as they stand and never
/// followed. Not synced.
Result<TreeSize> materialise(BlockSource& source, const multi::Cid& root,
                             const std::filesystem::path& target, Budget budget,
                             Permissions permissions);

/// Removes a file or a tree, read-only folders included. Success if there is none.
Result<void> remove_tree(const std::filesystem::path& path);

}  // namespace skrei::content
