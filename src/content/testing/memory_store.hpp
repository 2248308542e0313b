// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "content/content_store.hpp"

namespace skrei::content::testing {

/// A content store in memory, for tests of rooms that need one. It can be told to fail and to have
/// blocks appear only when ensured, as if a peer had them.
class MemoryStore final : public ContentStore {
 public:
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
  /// A whole collection is one step here.
  Result<CollectStep> collect(WallTime now) override;
  async::Task<Result<void>> ensure(multi::Cid root, Duration limit, Progress progress) override;

  /// Every commit and ensure fails with this until it is cleared.
  void fail_with(std::optional<Error> error);
  /// Blocks that `peer` has can be had by ensure(). Must outlive the store.
  void connect(MemoryStore& peer) { peer_ = &peer; }
  /// Forgets a block, as a damaged disk would.
  void drop(const multi::Cid& cid);

 private:
  class Batch;
  using PinKey = std::tuple<multi::Cid, PinOwner, std::string>;

  std::mutex mutex_;  // Thread-safe as the contract asks.
  std::map<multi::Multihash, Bytes> blocks_;
  std::map<PinKey, std::optional<WallTime>> pins_;
  std::set<multi::Cid> complete_;
  std::optional<Error> failure_;
  MemoryStore* peer_ = nullptr;
};

}  // namespace skrei::content::testing
