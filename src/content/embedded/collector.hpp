// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "content/content_store.hpp"
#include "content/embedded/segments.hpp"
#include "db/database.hpp"

namespace skrei::content::embedded {

/// Takes away what no pin reaches, a small step at a time, while everything else goes on.
///
///   Idle     until a pin went or expired, or blocks came without one
///   Mark     from each pin, the blocks it reaches get this cycle's mark, each visited once: the
///            index itself is the set of what was seen
///   Roots    roots that were not reached are no longer complete
///   Sweep    blocks without the mark leave the index
///   Compact  of each segment under half live the rest moves to the newest; then the file goes
///
/// Invariants: (1) a block that is written or put again gets the mark at its commit, and is held
/// until then; (2) a root that is pinned or completed while a cycle runs is marked from, before
/// more is swept; (3) nothing of a root is swept before its completeness is; (4) a block's new
/// place is synced before the index names it, and a file is deleted only when no index row names
/// it. A cycle that is broken off by a restart begins anew.
///
/// Marks are 2n in cycle n, and 2n+1 once the block's links were followed: a raw and a dag-pb CID
/// of equal bytes are one block. The index and its mutex are the store's; functions say which take
/// it.
class Collector {
 public:
  Collector(db::Database& index, std::mutex& index_mutex, BlockSource& blocks, Segments& segments)
      : index_(index), mutex_(index_mutex), blocks_(blocks), segments_(segments) {}

  /// Once, at start: the last cycle and the live bytes of each segment.
  Result<void> load();

  // With the mutex held by the caller.

  /// What a block that is committed now is marked with.
  std::int64_t fresh_mark() const { return 2 * cycle_; }
  /// An open batch counts on a block that is there.
  void hold(const multi::Multihash& hash) { ++held_[hash]; }
  void release(const multi::Multihash& hash);
  void added(const BlockPlace& place) { live_bytes_[place.segment] += place.length; }
  /// A root was pinned or completed.
  void keep(const multi::Cid& root);
  /// Something may be reachable no more.
  void note_garbage() { garbage_ = true; }
  /// Nothing is swept or moved until as many resumes: for a walk that will call its root complete,
  /// and for a copy of index and segments.
  void pause() { ++pauses_; }
  void resume() { --pauses_; }

  /// ContentStore::collect. Takes the mutex for a few milliseconds at a time.
  Result<CollectStep> step(WallTime now);

 private:
  enum class Phase { Idle, Mark, Roots, Sweep, Compact };

  Result<void> advance(WallTime now, CollectStep& step);
  Result<void> begin(WallTime now);
  Result<void> mark();
  Result<bool> next_pins();
  /// Whether its links are to be followed.
  Result<bool> visit(const multi::Cid& cid);
  Result<void> clear_roots();
  Result<void> sweep(CollectStep& step);
  Result<void> compact(CollectStep& step);
  Result<std::optional<std::int64_t>> segment_to_compact();
  /// How many were moved.
  Result<std::size_t> move_blocks(std::int64_t segment);

  db::Database& index_;
  std::mutex& mutex_;
  BlockSource& blocks_;
  Segments& segments_;

  // Under the mutex.
  std::int64_t cycle_ = 0;
  Phase phase_ = Phase::Idle;
  bool garbage_ = true;  // Nobody knows what was left at the last end.
  int pauses_ = 0;
  std::map<multi::Multihash, int> held_;
  std::map<std::int64_t, std::int64_t> live_bytes_;
  std::vector<multi::Cid> to_visit_;
  Bytes pins_done_;                          // Last CID whose pins were read.
  Bytes roots_done_;                         // Last root that was looked at.
  Bytes swept_;                              // Last block that was looked at.
  std::map<std::int64_t, bool> left_alone_;  // Segments that could not be compacted this time.
};

}  // namespace skrei::content::embedded
