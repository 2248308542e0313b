// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "content/block_io.hpp"
#include "multi/cid.hpp"

namespace skrei::content {

/// On whose behalf content is kept.
enum class PinOwner : std::uint8_t {
  User = 1,
  JobResult = 2,
  Execution = 3,  ///< Lasts until the store is closed: who goes on after a restart pins again.
  Bid = 4,
  Fetch = 5,
  Image = 6,
};

std::string_view to_string(PinOwner owner);

/// Keeps everything reachable from `cid` until removed or expired. (cid, owner, owner_id) is the
/// key: pinning again replaces the expiry.
struct Pin {
  multi::Cid cid;
  PinOwner owner = PinOwner::User;
  std::string owner_id = {};                ///< Job or execution id; empty for User.
  std::optional<WallTime> expires_at = {};  ///< None: until removed.

  bool operator==(const Pin&) const = default;
};

/// Blocks that are made durable together. Not thread-safe; any thread at a time; the store outlives
/// it. Destroying it uncommitted drops what was put. Blocks may be read back from the store only
/// after commit.
class AddBatch : public BlockSink {
 public:
  /// Makes all blocks durable, records `root` as complete if given (everything it reaches is in
  /// this batch or in the store: the caller vouches), and sets the pin if given, in one commit.
  /// Nothing may be put afterwards.
  virtual Result<void> commit(const std::optional<multi::Cid>& root,
                              const std::optional<Pin>& pin) = 0;
};

/// What one step of collection did.
struct CollectStep {
  bool done = false;  ///< Nothing is left to do for now.
  std::uint64_t blocks_removed = 0;
  std::uint64_t bytes_removed = 0;  ///< Of these blocks.
  std::uint64_t bytes_freed = 0;    ///< Of disk, given back.
};

/// Bytes fetched so far, and of how many where that is known. Called on the loop thread.
using Progress = std::function<void(std::uint64_t done, std::optional<std::uint64_t> total)>;

/// The contract *content store*: blocks by CID, with pins and complete roots.
///
/// Thread rules: every function but ensure() blocks, is thread-safe, and never leaves the machine;
/// from a loop call them through async::blocking(). ensure() runs on the loop.
/// After a restart everything that was answered with success is there; blocks of an uncommitted
/// batch are not. Blocks are found by multihash: a raw and a dag-pb CID of equal bytes share one.
/// get() hashes what it read, so wrong bytes are an error (Internal), never an answer.
/// Errors besides: NotFound (the CID is not here), InvalidArgument (block and CID do not fit, block
/// over 2 MiB), OutOfSpace (disk below its floor, for adds only), Internal (disk fault).
class ContentStore : public BlockSource {
 public:
  virtual Result<bool> has(const multi::Cid& cid) = 0;
  /// Bytes of the one block.
  virtual Result<std::uint64_t> size(const multi::Cid& cid) = 0;
  // get() is BlockSource's.

  virtual Result<std::unique_ptr<AddBatch>> begin_add() = 0;
  /// One block as a batch of its own.
  Result<void> put(const multi::Cid& cid, ByteView bytes);

  /// NotFound if the root block is not here.
  virtual Result<void> pin(const Pin& pin) = 0;
  /// Removing a pin that is not there is success.
  virtual Result<void> unpin(const multi::Cid& cid, PinOwner owner, std::string_view owner_id) = 0;
  /// Removes every pin of one owner (a job whose results expire, an execution that ended).
  Result<void> unpin_all(PinOwner owner, std::string_view owner_id) {
    return unpin_owners(owner, {std::string(owner_id)});
  }
  /// The same for many, made durable together.
  virtual Result<void> unpin_owners(PinOwner owner, const std::vector<std::string>& owner_ids) = 0;
  /// Ordered by CID, owner, owner id; with `cid` only its pins.
  virtual Result<std::vector<Pin>> list_pins(const std::optional<multi::Cid>& cid) = 0;

  /// One look-up: whether all of `root` was imported or fetched whole. False says "not known".
  virtual Result<bool> is_complete(const multi::Cid& root) = 0;
  /// Records that all of `root` is here; the caller has visited every block.
  virtual Result<void> mark_complete(const multi::Cid& root) = 0;

  /// One bounded step of collection, which takes away what no pin reaches; call until `done`. Pins
  /// that expired by `now` go first. What a pin reaches stays whole. What was written, or put
  /// again, since the collection began stays until the next one. A root that goes is no longer
  /// complete. Called by one owner at a time, beside everything else.
  virtual Result<CollectStep> collect(WallTime now) = 0;

  /// Makes all of `root` present, fetching from peers what is missing, within `limit`. A store
  /// without an exchange checks instead: NotFound names the first block that is missing.
  virtual async::Task<Result<void>> ensure(multi::Cid root, Duration limit, Progress progress) = 0;
};

}  // namespace skrei::content
