// SPDX-License-Identifier: Apache-2.0
#include "db/testing/disk_file.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace skrei::db::testing {
namespace {

constexpr std::size_t kSectorBytes = 512;

void copy_to(Bytes& bytes, ByteView from, std::size_t offset) {
  if (bytes.size() < offset + from.size()) bytes.resize(offset + from.size());
  std::memcpy(bytes.data() + offset, from.data(), from.size());
}

}  // namespace

std::uint64_t pick(Random& random, std::uint64_t below) {
  return random.next_u64() % below;
}

void DiskFile::apply(const Change& change, Bytes& bytes) {
  if (change.bytes.empty()) {
    bytes.resize(change.offset);
  } else {
    copy_to(bytes, change.bytes, change.offset);
  }
}

void DiskFile::write(ByteView bytes, std::size_t offset) {
  if (bytes.empty()) return;
  unsynced_.push_back({offset, Bytes(bytes.begin(), bytes.end())});
  apply(unsynced_.back(), current_);
}

void DiskFile::truncate(std::size_t size) {
  unsynced_.push_back({size, {}});
  apply(unsynced_.back(), current_);
}

void DiskFile::sync() {
  for (const Change& change : unsynced_)
    apply(change, durable_);
  unsynced_.clear();
}

void DiskFile::lose_unsynced(Random& random) {
  durable_ = survivor(random);
  unsynced_.clear();
}

Bytes DiskFile::survivor(Random& random) const {
  if (unsynced_.empty()) return durable_;
  switch (pick(random, 4)) {
    case 0:
      return durable_;
    case 1: {
      Bytes all = durable_;
      for (const Change& change : unsynced_)
        apply(change, all);
      return all;
    }
    case 2:
      return first_changes(random);
    default:
      return each_sector(random);
  }
}

Bytes DiskFile::first_changes(Random& random) const {
  Bytes bytes = durable_;
  const std::size_t whole = pick(random, unsynced_.size());
  for (std::size_t i = 0; i < whole; ++i)
    apply(unsynced_[i], bytes);
  Change torn = unsynced_[whole];
  torn.bytes.resize(pick(random, torn.bytes.size() + 1));
  if (!torn.bytes.empty()) apply(torn, bytes);
  return bytes;
}

Bytes DiskFile::each_sector(Random& random) const {
  Bytes bytes = durable_;
  Bytes sized = durable_;
  const std::size_t size_after = pick(random, unsynced_.size() + 1);
  std::map<std::size_t, std::size_t> kept;  // Sector → number of changes that reach it.
  const auto reaches = [&](std::size_t sector, std::size_t change) {
    const auto [found, is_new] = kept.try_emplace(sector);
    if (is_new) found->second = pick(random, unsynced_.size() + 1);
    return change < found->second;
  };
  for (std::size_t i = 0; i < unsynced_.size(); ++i) {
    const Change& change = unsynced_[i];
    if (i < size_after) apply(change, sized);
    // A truncation is a write of zeros to what lies behind it; the size is chosen by itself.
    const bool is_write = !change.bytes.empty();
    const std::size_t end = is_write ? change.offset + change.bytes.size() : bytes.size();
    for (std::size_t at = change.offset; at < end;) {
      const std::size_t sector = at / kSectorBytes;
      std::size_t length = std::min((sector + 1) * kSectorBytes, end) - at;
      const std::size_t next = at + length;
      if (reaches(sector, i)) {
        if (pick(random, 16) == 0) length = pick(random, length + 1);
        const Bytes zeros(is_write ? 0 : length);
        const ByteView part =
            is_write ? ByteView(change.bytes).subspan(at - change.offset, length) : zeros;
        if (!part.empty()) copy_to(bytes, part, at);
      }
      at = next;
    }
  }
  bytes.resize(sized.size());
  return bytes;
}

}  // namespace skrei::db::testing
