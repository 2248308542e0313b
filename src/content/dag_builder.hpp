// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "content/block_io.hpp"

namespace skrei::content {

/// How files and folders become blocks: the choices that a CID depends on (IPIP-499 names).
struct UnixFsProfile {
  std::string_view name;
  int cid_version;
  bool raw_leaves;
  std::size_t chunk_size;
  std::size_t width;  ///< Links of a file node.
  enum class FolderSize { Block, Links } folder_size;
};
/// Ours.
extern const UnixFsProfile kUnixFsV1;
/// Kubo's default of old.
extern const UnixFsProfile kUnixFsV0;
/// "unixfs-v1-2025" or "unixfs-v0-2015"; InvalidArgument names both.
Result<const UnixFsProfile*> find_profile(std::string_view name);

/// A finished DAG, as its parent links to it.
struct DagLink {
  multi::Cid cid;
  std::uint64_t dag_size = 0;   ///< All block bytes, counted once for each link (tsize).
  std::uint64_t file_size = 0;  ///< File bytes below it.

  bool operator==(const DagLink&) const = default;
};

/// Turns bytes into a file DAG: chunks, balanced tree. Feed with write(), then finish() once.
/// Memory: one chunk and depth × width links.
class FileBuilder {
 public:
  FileBuilder(const UnixFsProfile& profile, BlockSink& sink) : profile_(profile), sink_(sink) {}

  Result<void> write(ByteView bytes);
  Result<DagLink> finish();

 private:
  Result<void> add_leaf();
  Result<void> add_link(std::size_t level, DagLink link);
  Result<DagLink> make_node(const std::vector<DagLink>& links);

  const UnixFsProfile& profile_;
  BlockSink& sink_;
  Bytes chunk_;
  std::vector<std::vector<DagLink>> levels_;
};

/// By name; std::map orders bytewise, as folders are stored.
using FolderEntries = std::map<std::string, DagLink>;

/// A folder of these entries, as one block or, above 256 KiB, as a HAMT of fan-out 256.
/// InvalidArgument if a name cannot be an entry's.
Result<DagLink> build_folder(const UnixFsProfile& profile, BlockSink& sink,
                             const FolderEntries& entries);

Result<DagLink> build_symlink(const UnixFsProfile& profile, BlockSink& sink,
                              std::string_view target);

}  // namespace skrei::content
