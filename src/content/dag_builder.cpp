// SPDX-License-Identifier: Apache-2.0
#include "content/dag_builder.hpp"

#include <algorithm>
#include <array>

#include "content/dag_pb.hpp"
#include "content/unixfs.hpp"

namespace skrei::content {

const UnixFsProfile kUnixFsV1{"unixfs-v1-2025",     1,    true,
                              std::size_t{1} << 20, 1024, UnixFsProfile::FolderSize::Block};
const UnixFsProfile kUnixFsV0{"unixfs-v0-2015",       0,   false,
                              std::size_t{256} << 10, 174, UnixFsProfile::FolderSize::Links};

namespace {

constexpr std::size_t kFolderSizeMax = std::size_t{256} << 10;
constexpr unsigned kHamtLevelsMax = 8;  // 64 bits of hash, eight a level.

Result<DagLink> put_raw(BlockSink& sink, ByteView bytes) {
  multi::Cid cid = multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(bytes));
  TRY(sink.put(cid, bytes));
  return DagLink{std::move(cid), bytes.size(), bytes.size()};
}

Result<DagLink> put_node(const UnixFsProfile& profile, BlockSink& sink, const PbNode& node,
                         std::uint64_t file_size) {
  const Bytes bytes = encode_dag_pb(node);
  auto hash = multi::Multihash::sha2_256(bytes);
  multi::Cid cid = profile.cid_version == 0 ? multi::Cid::v0(std::move(hash))
                                            : multi::Cid::v1(multi::Codec::DagPb, std::move(hash));
  TRY(sink.put(cid, bytes));
  std::uint64_t dag_size = bytes.size();
  for (const PbLink& link : node.links)
    dag_size += link.tsize;
  return DagLink{std::move(cid), dag_size, file_size};
}

Result<DagLink> put_file_leaf(const UnixFsProfile& profile, BlockSink& sink, const Bytes& chunk) {
  UnixFsData data{.type = UnixFsType::File, .file_size = chunk.size()};
  if (!chunk.empty()) data.data = chunk;
  return put_node(profile, sink, PbNode{{}, encode_unixfs(data)}, chunk.size());
}

std::uint64_t sum_of_file_sizes(const std::vector<const FolderEntries::value_type*>& entries) {
  std::uint64_t sum = 0;
  for (const auto* entry : entries)
    sum += entry->second.file_size;
  return sum;
}

std::string slot_prefix(std::size_t slot) {
  return fmt::format("{:02X}", slot);
}

/// One shard: the entries whose hashes agree in their first `level` bytes.
Result<DagLink> build_shard(const UnixFsProfile& profile, BlockSink& sink,
                            const std::vector<const FolderEntries::value_type*>& entries,
                            unsigned level) {
  if (level >= kHamtLevelsMax) {
    return fail(Code::InvalidArgument, "folder holds names whose hashes are equal: \"{}\"",
                to_valid_utf8(entries.front()->first));
  }
  std::array<std::vector<const FolderEntries::value_type*>, kHamtFanout> slots;
  for (const auto* entry : entries)
    slots[(hamt_hash(entry->first) >> (56 - 8 * level)) & 0xff].push_back(entry);
  PbNode node;
  Bytes bits(kHamtFanout / 8, 0);
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (slots[slot].empty()) continue;
    bits[bits.size() - 1 - slot / 8] |= static_cast<std::uint8_t>(1U << (slot % 8));
    if (slots[slot].size() == 1) {
      const auto& [name, link] = *slots[slot].front();
      node.links.push_back({link.cid, slot_prefix(slot) + name, link.dag_size});
    } else {
      TRY_ASSIGN(DagLink child, build_shard(profile, sink, slots[slot], level + 1));
      node.links.push_back({std::move(child.cid), slot_prefix(slot), child.dag_size});
    }
  }
  bits.erase(bits.begin(), std::ranges::find_if(bits, [](std::uint8_t b) { return b != 0; }));
  node.data = encode_unixfs({.type = UnixFsType::HamtShard,
                             .data = std::move(bits),
                             .hash_type = kMurmur3,
                             .fanout = kHamtFanout});
  return put_node(profile, sink, node, sum_of_file_sizes(entries));
}

}  // namespace

Result<const UnixFsProfile*> find_profile(std::string_view name) {
  for (const UnixFsProfile* profile : {&kUnixFsV1, &kUnixFsV0}) {
    if (profile->name == name) return profile;
  }
  return fail(Code::InvalidArgument, "profile \"{}\" is unknown; use {} or {}", to_valid_utf8(name),
              kUnixFsV1.name, kUnixFsV0.name);
}

Result<void> FileBuilder::write(ByteView bytes) {
  while (!bytes.empty()) {
    if (chunk_.size() == profile_.chunk_size) TRY(add_leaf());
    const std::size_t count = std::min(bytes.size(), profile_.chunk_size - chunk_.size());
    chunk_.insert(chunk_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
  }
  return {};
}

Result<void> FileBuilder::add_leaf() {
  TRY_ASSIGN(DagLink link,
             profile_.raw_leaves ? put_raw(sink_, chunk_) : put_file_leaf(profile_, sink_, chunk_));
  chunk_.clear();
  return add_link(0, std::move(link));
}

Result<void> FileBuilder::add_link(std::size_t level, DagLink link) {
  if (level == levels_.size()) levels_.emplace_back();
  if (levels_[level].size() == profile_.width) {
    TRY_ASSIGN(DagLink node, make_node(levels_[level]));
    levels_[level].clear();
    TRY(add_link(level + 1, std::move(node)));
  }
  levels_[level].push_back(std::move(link));
  return {};
}

Result<DagLink> FileBuilder::make_node(const std::vector<DagLink>& links) {
  PbNode node;
  UnixFsData data{.type = UnixFsType::File, .file_size = 0};
  for (const DagLink& link : links) {
    node.links.push_back({link.cid, "", link.dag_size});
    data.block_sizes.push_back(link.file_size);
    *data.file_size += link.file_size;
  }
  node.data = encode_unixfs(data);
  return put_node(profile_, sink_, node, *data.file_size);
}

Result<DagLink> FileBuilder::finish() {
  if (!chunk_.empty() || levels_.empty()) TRY(add_leaf());
  for (std::size_t level = 0;; ++level) {
    const bool top = level + 1 == levels_.size();
    if (top && levels_[level].size() == 1) return levels_[level].front();
    TRY_ASSIGN(DagLink node, make_node(levels_[level]));
    TRY(add_link(level + 1, std::move(node)));
  }
}

Result<DagLink> build_folder(const UnixFsProfile& profile, BlockSink& sink,
                             const FolderEntries& entries) {
  std::vector<const FolderEntries::value_type*> list;
  PbNode node;
  node.data = encode_unixfs({.type = UnixFsType::Directory});
  std::size_t links_size = 0;
  for (const auto& entry : entries) {
    const auto& [name, link] = entry;
    if (!is_entry_name(name)) {
      return fail(Code::InvalidArgument, "\"{}\" cannot be the name of a file or folder",
                  to_valid_utf8(name));
    }
    links_size += name.size() + link.cid.to_bytes().size();
    list.push_back(&entry);
    node.links.push_back({link.cid, name, link.dag_size});
  }
  const std::size_t size = profile.folder_size == UnixFsProfile::FolderSize::Links
                               ? links_size
                               : encode_dag_pb(node).size();
  if (size > kFolderSizeMax) return build_shard(profile, sink, list, 0);
  return put_node(profile, sink, node, sum_of_file_sizes(list));
}

Result<DagLink> build_symlink(const UnixFsProfile& profile, BlockSink& sink,
                              std::string_view target) {
  const UnixFsData data{.type = UnixFsType::Symlink, .data = to_bytes(target)};
  return put_node(profile, sink, PbNode{{}, encode_unixfs(data)}, 0);
}

}  // namespace skrei::content
