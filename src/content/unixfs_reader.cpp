// SPDX-License-Identifier: Apache-2.0
#include "content/unixfs_reader.hpp"

#include <algorithm>
#include <charconv>

#include "content/unixfs.hpp"

namespace skrei::content {
namespace {

constexpr std::size_t kShardLevelsMax = 8;
constexpr std::size_t kSlotPrefix = 2;  // Two hexadecimal digits for 256 slots.

std::unexpected<Error> wrong(const multi::Cid& cid, std::string_view what) {
  return fail(Code::InvalidArgument, "block {}: {}", cid, what);
}

struct UnixFsNode {
  std::vector<PbLink> links;
  UnixFsData data;
};

Result<UnixFsNode> decode_node(const multi::Cid& cid, ByteView block) {
  if (cid.codec() != multi::Codec::DagPb) return wrong(cid, "is no UnixFS node");
  const std::string context = fmt::format("block {}", cid);
  TRY_ASSIGN(PbNode node, with_context(decode_dag_pb(block), context));
  if (!node.data) return wrong(cid, "is a dag-pb node without UnixFS data");
  TRY_ASSIGN(UnixFsData data, with_context(decode_unixfs(*node.data), context));
  return UnixFsNode{std::move(node.links), std::move(data)};
}

bool is_file(UnixFsType type) {
  return type == UnixFsType::File || type == UnixFsType::Raw;
}

Result<void> check_shard(const multi::Cid& cid, const UnixFsData& data) {
  if (data.hash_type == kMurmur3 && data.fanout == kHamtFanout) return {};
  return wrong(cid, "is a folder shard of a kind that is not supported (hash or fan-out)");
}

Result<Entry> make_entry(const multi::Cid& cid, Bytes block) {
  Entry entry{.cid = cid};
  if (cid.codec() == multi::Codec::Raw) {
    entry.size = block.size();
    entry.block = std::move(block);
    return entry;
  }
  TRY_ASSIGN(UnixFsNode node, decode_node(cid, block));
  const std::size_t inline_size = node.data.data ? node.data.data->size() : 0;
  switch (node.data.type) {
    case UnixFsType::Raw:
    case UnixFsType::File:
      entry.size = node.data.file_size.value_or(inline_size);
      break;
    case UnixFsType::Directory:
    case UnixFsType::HamtShard:
      entry.kind = EntryKind::Folder;
      break;
    case UnixFsType::Symlink:
      entry.kind = EntryKind::Symlink;
      if (inline_size > 0) entry.link_target = as_chars(*node.data.data);
      if (entry.link_target.find('\0') != std::string::npos || inline_size > 4095) {
        return wrong(cid, "holds no usable link target");
      }
      break;
    case UnixFsType::Metadata:
      return wrong(cid, "is UnixFS metadata, neither file nor folder");
  }
  entry.block = std::move(block);
  return entry;
}

/// The link of `name` in a shard or below it.
Result<std::optional<multi::Cid>> find_in_shard(BlockSource& source, multi::Cid cid, Bytes block,
                                                std::string_view name) {
  const std::uint64_t hash = hamt_hash(name);
  for (std::size_t level = 0; level < kShardLevelsMax; ++level) {
    TRY_ASSIGN(const UnixFsNode node, decode_node(cid, block));
    if (node.data.type != UnixFsType::HamtShard) return wrong(cid, "is no folder shard");
    TRY(check_shard(cid, node.data));
    const std::string prefix = fmt::format("{:02X}", (hash >> (56 - 8 * level)) & 0xff);
    const auto link = std::ranges::find_if(
        node.links, [&](const PbLink& l) { return l.name.starts_with(prefix); });
    if (link == node.links.end()) return std::nullopt;
    if (link->name.size() > kSlotPrefix) {
      if (link->name.substr(kSlotPrefix) != name) return std::nullopt;
      return link->cid;
    }
    cid = link->cid;
    TRY_ASSIGN(block, source.get(cid));
  }
  return wrong(cid, "is a folder shard nested too deeply");
}

Result<std::optional<multi::Cid>> find_in_folder(BlockSource& source, const Entry& folder,
                                                 std::string_view name) {
  if (folder.kind != EntryKind::Folder) return std::nullopt;
  TRY_ASSIGN(const UnixFsNode node, decode_node(folder.cid, folder.block));
  if (node.data.type == UnixFsType::HamtShard) {
    return find_in_shard(source, folder.cid, folder.block, name);
  }
  const auto link = std::ranges::find(node.links, name, &PbLink::name);
  if (link == node.links.end()) return std::nullopt;
  return link->cid;
}

}  // namespace

std::string_view to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::File:
      return "file";
    case EntryKind::Folder:
      return "folder";
    case EntryKind::Symlink:
      return "symlink";
  }
  std::unreachable();
}

Result<Entry> stat_entry(BlockSource& source, const multi::Cid& cid) {
  TRY_ASSIGN(Bytes block, source.get(cid));
  return make_entry(cid, std::move(block));
}

Result<Entry> resolve_path(BlockSource& source, const multi::Cid& root, std::string_view path) {
  TRY_ASSIGN(Entry entry, stat_entry(source, root));
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty()) continue;
    TRY_ASSIGN(const auto child, find_in_folder(source, entry, part));
    if (!child) {
      return fail(Code::NotFound, "{}: has no entry \"{}\"",
                  entry.path.empty() ? root.to_string() : to_valid_utf8(entry.path),
                  to_valid_utf8(part));
    }
    std::string child_path = entry.path.empty() ? "" : entry.path + '/';
    child_path += part;
    const std::size_t depth = entry.path.empty() ? 0 : entry.depth + 1;
    TRY_ASSIGN(entry, stat_entry(source, *child));
    entry.path = std::move(child_path);
    entry.depth = depth;
  }
  return entry;
}

Result<std::vector<Entry>> list_folder(BlockSource& source, const Entry& folder, Budget budget) {
  if (folder.kind != EntryKind::Folder) {
    return fail(Code::InvalidArgument, "{}: is a {}, not a folder", folder.cid,
                to_string(folder.kind));
  }
  std::vector<Entry> entries;
  BudgetMeter meter(budget, fmt::format("folder {}", folder.cid));
  struct Shard {
    multi::Cid cid;
    Bytes block;
    std::size_t level;
  };
  std::vector<Shard> shards{{folder.cid, folder.block, 0}};
  while (!shards.empty()) {
    const Shard shard = std::move(shards.back());
    shards.pop_back();
    TRY_ASSIGN(const UnixFsNode node, decode_node(shard.cid, shard.block));
    const bool is_shard = node.data.type == UnixFsType::HamtShard;
    if (is_shard) TRY(check_shard(shard.cid, node.data));
    for (const PbLink& link : node.links) {
      TRY(meter.charge_entry(0));
      TRY_ASSIGN(Bytes block, source.get(link.cid));
      if (is_shard && link.name.size() == kSlotPrefix) {
        if (shard.level + 1 >= kShardLevelsMax) return wrong(link.cid, "is nested too deeply");
        shards.push_back({link.cid, std::move(block), shard.level + 1});
        continue;
      }
      std::string name =
          is_shard && link.name.size() > kSlotPrefix ? link.name.substr(kSlotPrefix) : link.name;
      if (!is_entry_name(name)) return wrong(shard.cid, "has an entry with an unusable name");
      TRY_ASSIGN(Entry entry, make_entry(link.cid, std::move(block)));
      entry.path = std::move(name);
      entry.block.clear();
      entries.push_back(std::move(entry));
    }
  }
  std::ranges::sort(entries, {}, &Entry::path);
  return entries;
}

FileReader::FileReader(BlockSource& source, Entry file, std::uint64_t offset)
    : source_(source), file_(std::move(file)), skip_(offset) {}

Result<Bytes> FileReader::open_block(const multi::Cid& cid, ByteView block, std::uint64_t size) {
  Bytes bytes;
  std::uint64_t total = 0;
  if (cid.codec() == multi::Codec::Raw) {
    bytes = to_bytes(block);
    total = bytes.size();
  } else {
    TRY_ASSIGN(UnixFsNode node, decode_node(cid, block));
    if (!is_file(node.data.type)) return wrong(cid, "is not part of a file");
    if (node.data.block_sizes.size() != node.links.size()) {
      return wrong(cid, "has not one block size for each link");
    }
    bytes = std::move(node.data.data).value_or(Bytes());
    total = bytes.size();
    for (std::size_t i = node.links.size(); i-- > 0;) {
      const std::uint64_t child = node.data.block_sizes[i];
      if (child > UINT64_MAX - total) return wrong(cid, "has impossible block sizes");
      total += child;
      // Nothing is below a child of size 0, and that is checked by never looking.
      if (child > 0) waiting_.push_back({node.links[i].cid, child});
    }
  }
  if (total != size) return wrong(cid, "does not have the size that is declared for it");
  const std::uint64_t skipped = std::min<std::uint64_t>(skip_, bytes.size());
  skip_ -= skipped;
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(skipped));
  return bytes;
}

Result<Bytes> FileReader::next() {
  if (!started_) {
    started_ = true;
    if (skip_ >= file_.size && file_.size > 0) return Bytes();
    TRY_ASSIGN(Bytes bytes, open_block(file_.cid, file_.block, file_.size));
    if (!bytes.empty()) return bytes;
  }
  while (!waiting_.empty()) {
    const Child child = std::move(waiting_.back());
    waiting_.pop_back();
    if (skip_ >= child.size) {
      skip_ -= child.size;
      continue;
    }
    TRY_ASSIGN(const Bytes block, source_.get(child.cid));
    TRY_ASSIGN(Bytes bytes, open_block(child.cid, block, child.size));
    if (!bytes.empty()) return bytes;
  }
  return Bytes();
}

TreeWalker::TreeWalker(BlockSource& source, multi::Cid root, Budget budget)
    : source_(source), meter_(budget, root.to_string()) {
  waiting_.push_back({"", std::move(root), 0, 0});
}

Result<void> TreeWalker::push_folder(const multi::Cid& cid, ByteView block, const std::string& path,
                                     std::size_t depth, std::size_t shard_level) {
  TRY_ASSIGN(UnixFsNode node, decode_node(cid, block));
  const bool is_shard = node.data.type == UnixFsType::HamtShard;
  if (is_shard) TRY(check_shard(cid, node.data));
  if (shard_level > 0 && !is_shard) return wrong(cid, "is no folder shard");
  if (shard_level >= kShardLevelsMax) return wrong(cid, "is a folder shard nested too deeply");
  const std::string prefix = path.empty() ? "" : path + '/';
  const std::size_t child_depth = path.empty() ? 0 : depth + 1;
  for (auto link = node.links.rbegin(); link != node.links.rend(); ++link) {
    if (is_shard && link->name.size() == kSlotPrefix) {
      waiting_.push_back({path, std::move(link->cid), depth, shard_level + 1});
      continue;
    }
    std::string name = std::move(link->name);
    if (is_shard) name.erase(0, kSlotPrefix);
    if (!is_entry_name(name)) return wrong(cid, "has an entry with an unusable name");
    waiting_.push_back({prefix + name, std::move(link->cid), child_depth, 0});
  }
  return {};
}

Result<std::optional<Entry>> TreeWalker::next() {
  while (!waiting_.empty()) {
    Pending pending = std::move(waiting_.back());
    waiting_.pop_back();
    // Shards are charged too: empty ones inside each other would be free otherwise.
    TRY(meter_.charge_entry(pending.depth));
    TRY_ASSIGN(Bytes block, source_.get(pending.cid));
    if (pending.shard_level > 0) {
      TRY(push_folder(pending.cid, block, pending.path, pending.depth, pending.shard_level));
      continue;
    }
    TRY_ASSIGN(Entry entry, make_entry(pending.cid, std::move(block)));
    entry.path = std::move(pending.path);
    entry.depth = pending.depth;
    if (entry.kind == EntryKind::Folder) {
      TRY(push_folder(entry.cid, entry.block, entry.path, entry.depth, 0));
    }
    return entry;
  }
  return std::nullopt;
}

}  // namespace skrei::content
