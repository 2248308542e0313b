// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

// The UnixFS message in the data field of a dag-pb node. Mode and mtime are read over and never
// written (profiles unixfs-v1-2025 and unixfs-v0-2015 leave them off).

namespace skrei::content {

enum class UnixFsType : std::uint8_t {
  Raw = 0,  ///< A leaf of a file, as old writers made it.
  Directory = 1,
  File = 2,
  Metadata = 3,
  Symlink = 4,
  HamtShard = 5,
};

struct UnixFsData {
  UnixFsType type = UnixFsType::File;
  std::optional<Bytes> data = {};  ///< File bytes, symlink target, or a shard's bit field.
  std::optional<std::uint64_t> file_size = {};
  std::vector<std::uint64_t> block_sizes = {};  ///< File bytes below each link.
  std::optional<std::uint64_t> hash_type = {};
  std::optional<std::uint64_t> fanout = {};

  bool operator==(const UnixFsData&) const = default;
};

/// Multicodec of murmur3-x64-64, the one hash that shards use.
inline constexpr std::uint64_t kMurmur3 = 0x22;
inline constexpr std::uint64_t kHamtFanout = 256;

Bytes encode_unixfs(const UnixFsData& data);

/// InvalidArgument on a missing or unknown type, wrong wire types, or repeated single fields.
Result<UnixFsData> decode_unixfs(ByteView bytes);

/// Whether a name can be an entry of a folder: not empty, ".", ".." and without '/' and NUL.
bool is_entry_name(std::string_view name);

/// First 64 bits of murmur3-x64-128 (seed 0) of the name: where a shard keeps it, eight bits a
/// level, the highest first.
std::uint64_t hamt_hash(std::string_view name);

}  // namespace skrei::content
