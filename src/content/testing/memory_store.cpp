// SPDX-License-Identifier: Apache-2.0
#include "content/testing/memory_store.hpp"

#include <algorithm>

#include "content/dag_pb.hpp"
#include "content/dag_walk.hpp"

namespace skrei::content::testing {

class MemoryStore::Batch final : public AddBatch {
 public:
  explicit Batch(MemoryStore& store) : store_(store) {}

  Result<void> put(const multi::Cid& cid, ByteView bytes) override {
    TRY(check_block(cid, bytes));
    blocks_[cid.hash()] = to_bytes(bytes);
    return {};
  }

  Result<void> commit(const std::optional<multi::Cid>& root,
                      const std::optional<Pin>& pin) override {
    const std::lock_guard lock(store_.mutex_);
    if (store_.failure_) return fail(*store_.failure_);
    store_.blocks_.merge(blocks_);
    if (root) store_.complete_.insert(*root);
    if (pin) store_.pins_[{pin->cid, pin->owner, pin->owner_id}] = pin->expires_at;
    return {};
  }

 private:
  MemoryStore& store_;
  std::map<multi::Multihash, Bytes> blocks_;
};

Result<bool> MemoryStore::has(const multi::Cid& cid) {
  const std::lock_guard lock(mutex_);
  return blocks_.contains(cid.hash());
}

Result<std::uint64_t> MemoryStore::size(const multi::Cid& cid) {
  TRY_ASSIGN(const Bytes bytes, get(cid));
  return bytes.size();
}

Result<Bytes> MemoryStore::get(const multi::Cid& cid) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(cid.hash());
  if (found == blocks_.end()) return fail(Code::NotFound, "block {} is not here", cid);
  return found->second;
}

Result<std::unique_ptr<AddBatch>> MemoryStore::begin_add() {
  return std::make_unique<Batch>(*this);
}

Result<void> MemoryStore::pin(const Pin& pin) {
  TRY(get(pin.cid));
  const std::lock_guard lock(mutex_);
  pins_[{pin.cid, pin.owner, pin.owner_id}] = pin.expires_at;
  return {};
}

Result<void> MemoryStore::unpin(const multi::Cid& cid, PinOwner owner, std::string_view owner_id) {
  const std::lock_guard lock(mutex_);
  pins_.erase({cid, owner, std::string(owner_id)});
  return {};
}

Result<void> MemoryStore::unpin_owners(PinOwner owner, const std::vector<std::string>& owner_ids) {
  const std::lock_guard lock(mutex_);
  std::erase_if(pins_, [&](const auto& entry) {
    return std::get<1>(entry.first) == owner &&
           std::ranges::find(owner_ids, std::get<2>(entry.first)) != owner_ids.end();
  });
  return {};
}

Result<std::vector<Pin>> MemoryStore::list_pins(const std::optional<multi::Cid>& cid) {
  const std::lock_guard lock(mutex_);
  std::vector<Pin> pins;
  for (const auto& [key, expires_at] : pins_) {
    const auto& [pinned, owner, owner_id] = key;
    if (!cid || *cid == pinned) pins.push_back({pinned, owner, owner_id, expires_at});
  }
  return pins;
}

Result<bool> MemoryStore::is_complete(const multi::Cid& root) {
  const std::lock_guard lock(mutex_);
  return complete_.contains(root);
}

Result<void> MemoryStore::mark_complete(const multi::Cid& root) {
  TRY(get(root));
  const std::lock_guard lock(mutex_);
  complete_.insert(root);
  return {};
}

Result<CollectStep> MemoryStore::collect(WallTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(pins_, [&](const auto& entry) { return entry.second && *entry.second <= now; });
  std::set<multi::Cid> reached;
  std::vector<multi::Cid> waiting;
  for (const auto& [key, expires_at] : pins_)
    waiting.push_back(std::get<0>(key));
  while (!waiting.empty()) {
    const multi::Cid cid = std::move(waiting.back());
    waiting.pop_back();
    const auto block = blocks_.find(cid.hash());
    if (block == blocks_.end() || !reached.insert(cid).second) continue;
    if (auto links = links_of(cid, block->second)) {
      waiting.insert(waiting.end(), links->begin(), links->end());
    }
  }
  CollectStep step{.done = true};
  std::set<multi::Multihash> live;
  for (const multi::Cid& cid : reached)
    live.insert(cid.hash());
  std::erase_if(complete_, [&](const multi::Cid& root) { return !reached.contains(root); });
  std::erase_if(blocks_, [&](const auto& entry) {
    if (live.contains(entry.first)) return false;
    ++step.blocks_removed;
    step.bytes_removed += entry.second.size();
    return true;
  });
  return step;
}

async::Task<Result<void>> MemoryStore::ensure(multi::Cid root, Duration, Progress progress) {
  if (failure_) co_return fail(*failure_);
  if (peer_ != nullptr) {
    CO_TRY_ASSIGN(const auto batch, begin_add());
    const auto copy = [&](const multi::Cid& cid, ByteView bytes) {
      return batch->put(cid, bytes);
    };
    CO_TRY(walk_dag(*peer_, root, copy));
    CO_TRY(batch->commit(root, std::nullopt));
  }
  CO_TRY_ASSIGN(const DagSize size, walk_dag(*this, root, {}));
  if (progress) progress(size.bytes, size.bytes);
  co_return mark_complete(root);
}

void MemoryStore::fail_with(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(error);
}

void MemoryStore::drop(const multi::Cid& cid) {
  const std::lock_guard lock(mutex_);
  blocks_.erase(cid.hash());
}

}  // namespace skrei::content::testing
