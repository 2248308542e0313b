// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.hpp"
#include "content/block_io.hpp"
#include "content/dag_pb.hpp"

// Reading UnixFS trees. Nothing declared is trusted: each node's sizes must agree with its
// children's as they are read, names must be fit for a folder, and walks run under a Budget.
// All functions block; errors are those of the source, and InvalidArgument, naming the block, where
// it is no UnixFS.

namespace skrei::content {

enum class EntryKind { File, Folder, Symlink };

std::string_view to_string(EntryKind kind);

/// A file, folder or symbolic link of a tree.
struct Entry {
  std::string path;  ///< Below the root, "a/b"; empty for the root.
  EntryKind kind = EntryKind::File;
  multi::Cid cid;
  std::uint64_t size = 0;        ///< Of a file, in bytes, as its root block says.
  std::string link_target = {};  ///< Of a symbolic link.
  std::size_t depth = 0;         ///< Folders above it.
  Bytes block = {};              ///< Its root block, so that readers need not fetch it again.
};

/// The entry at `cid`, with an empty path.
Result<Entry> stat_entry(BlockSource& source, const multi::Cid& cid);

/// Follows `path` ("a/b", leading and double slashes are ignored) below `root`. NotFound names the
/// part that is missing; symbolic links are not followed.
Result<Entry> resolve_path(BlockSource& source, const multi::Cid& root, std::string_view path);

/// Entries of one folder, sorted by name. InvalidArgument if it is none.
Result<std::vector<Entry>> list_folder(BlockSource& source, const Entry& folder, Budget budget);

/// A file's bytes in order, from `offset` on. Memory: one block and the links above it.
class FileReader {
 public:
  /// `file` must be of kind File.
  FileReader(BlockSource& source, Entry file, std::uint64_t offset = 0);
  /// The next bytes, never empty before the end; empty at the end.
  Result<Bytes> next();

 private:
  struct Child {
    multi::Cid cid;
    std::uint64_t size;
  };
  Result<Bytes> open_block(const multi::Cid& cid, ByteView block, std::uint64_t size);

  BlockSource& source_;
  Entry file_;
  std::uint64_t skip_;
  bool started_ = false;
  std::vector<Child> waiting_;  ///< Next one last.
};

/// Walks a tree, a folder before what is in it, entries of a folder as they are stored.
class TreeWalker {
 public:
  TreeWalker(BlockSource& source, multi::Cid root, Budget budget);

  /// The next entry, the root first; none at the end.
  Result<std::optional<Entry>> next();
  /// Readers of the entries' bytes charge them here.
  BudgetMeter& meter() { return meter_; }

 private:
  struct Pending {
    std::string path;
    multi::Cid cid;
    std::size_t depth;
    std::size_t shard_level;  ///< Above 0: a shard below the one that `path` names.
  };
  Result<void> push_folder(const multi::Cid& cid, ByteView block, const std::string& path,
                           std::size_t depth, std::size_t shard_level);

  BlockSource& source_;
  BudgetMeter meter_;
  std::vector<Pending> waiting_;  ///< Next one last.
};

}  // namespace skrei::content
