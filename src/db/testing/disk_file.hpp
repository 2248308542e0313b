// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace skrei::db::testing {

/// A number in [0, `below`), `below` > 0.
std::uint64_t pick(Random& random, std::uint64_t below);

/// The bytes of one file on a PowerCutDisk: what a running program reads, and apart from it what is
/// on the platters, with the changes in between.
class DiskFile {
 public:
  DiskFile() = default;
  /// A file all of whose bytes are on the platters.
  explicit DiskFile(Bytes durable) : durable_(durable), current_(std::move(durable)) {}

  const Bytes& current() const { return current_; }
  void write(ByteView bytes, std::size_t offset);
  void truncate(std::size_t size);
  /// All changes reach the platters.
  void sync();
  /// A sync that failed: some of the changes reach the platters, the others never will, although
  /// programs still read them (the kernel marks their pages clean).
  void lose_unsynced(Random& random);

  /// What could be on the platters if the power went now: of the changes since the last sync none,
  /// all, the first few with the last one torn, or for each sector those up to a moment of its own
  /// (so any order), torn within a sector as well.
  Bytes survivor(Random& random) const;

 private:
  /// A write, or with `bytes` empty the new size.
  struct Change {
    std::size_t offset = 0;
    Bytes bytes;
  };

  Bytes first_changes(Random& random) const;
  Bytes each_sector(Random& random) const;
  static void apply(const Change& change, Bytes& bytes);

  Bytes durable_;
  Bytes current_;
  std::vector<Change> unsynced_;
};

}  // namespace skrei::db::testing
