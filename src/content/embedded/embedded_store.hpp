// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

#include "async/blocking.hpp"
#include "base/disk_space.hpp"
#include "base/fd.hpp"
#include "content/content_store.hpp"
#include "content/embedded/collector.hpp"
#include "content/embedded/segments.hpp"
#include "db/database.hpp"

// The store in the box. Its folder:
//
//   version     "skrei content 1": a newer number is refused
//   lock        held while open, with the holder's process id
//   index.db    multihash → (segment, offset, length); pins; complete roots
//   segments/   the bytes (segments.hpp)
//
// Durability of an add, in this order: (1) each block is appended to a segment, (2) commit() syncs
// the segments it touched, once each, (3) index rows, complete root and pin go into one synced
// SQLite transaction, (4) the answer. Bytes without an index row were never answered for: they are
// cut off at the next start where they are the tail, and else go when collection (collector.hpp)
// compacts their segment.

namespace skrei::content::embedded {

struct Options {
  std::filesystem::path folder;  ///< Created if its parent exists.
  std::int64_t segment_roll_bytes = std::int64_t{256} << 20;
  /// Adds are refused while less than the smaller of this and 5 % of the disk is free.
  std::uint64_t floor_bytes = std::uint64_t{1} << 30;
  /// For tests; by default statvfs(2).
  DiskSpaceFunction disk_space = disk_space_of;
  /// Called, on the thread that met it, when a commit or sync fails on a failing disk: it is never
  /// tried again. Must end the process where something else than the caller depends on the store.
  std::function<void(const Error&)> on_fatal = {};
  /// Of the index and the segments.
  db::Medium medium = {};
};

class EmbeddedStore final : public ContentStore {
 public:
  /// `pool` runs what ensure() has to read; both outlive the store. FailedPrecondition if another
  /// process has the folder, it is another program's, or its version is newer.
  static Result<std::unique_ptr<EmbeddedStore>> open(Options options, async::BlockingPool& pool);

  Result<bool> has(const multi::Cid& cid) override;
  Result<std::uint64_t> size(const multi::Cid& cid) override;
  Result<Bytes> get(const multi::Cid& cid) override;
  Result<std::unique_ptr<AddBatch>> begin_add() override;
  Result<void> pin(const Pin& pin) override;
  Result<void> unpin(const multi::Cid& cid, PinOwner owner, std::string_view owner_id) override;
  Result<void> unpin_owners(PinOwner owner, const std::vector<std::string>& owner_ids) override;
  Result<std::vector<Pin>> list_pins(const std::optional<multi::Cid>& cid) override;
  Result<bool> is_complete(const multi::Cid& root) override;
  Result<void> mark_complete(const multi::Cid& root) override;
  Result<CollectStep> collect(WallTime now) override;
  async::Task<Result<void>> ensure(multi::Cid root, Duration limit, Progress progress) override;

  /// What a backup copies: a consistent copy of the index, written as the new file `index`, and the
  /// segments with all that it names. Blocks; from any thread.
  Result<std::vector<Segments::Frozen>> snapshot(const std::filesystem::path& index);

  /// OutOfSpace while the disk is below its floor.
  Result<void> check_floor();

 private:
  class Batch;
  class CollectorPause;
  EmbeddedStore(Options options, async::BlockingPool& pool, UniqueFd lock)
      : options_(std::move(options)), pool_(pool), lock_(std::move(lock)) {}

  Result<std::optional<BlockPlace>> find(const multi::Multihash& hash);
  /// As find(), with the mutex held.
  Result<std::optional<BlockPlace>> look_up(const multi::Multihash& hash);
  Result<void> insert_pin(const Pin& pin);
  Result<void> insert_root(const multi::Cid& root);
  /// Passes `result` on; tells on_fatal of a failing disk.
  Result<void> durable(Result<void> result);
  Result<void> note_unpinned(const std::vector<Bytes>& cids);
  Result<std::uint64_t> walk_whole(const multi::Cid& root);

  Options options_;
  async::BlockingPool& pool_;
  UniqueFd lock_;
  std::unique_ptr<Segments> segments_;
  std::mutex index_mutex_;  // A db::Database is used by one thread at a time.
  std::unique_ptr<db::Database> index_;
  std::unique_ptr<Collector> collector_;
};

}  // namespace skrei::content::embedded
