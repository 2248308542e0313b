// SPDX-License-Identifier: Apache-2.0
#include "content/embedded/collector.hpp"

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "content/dag_pb.hpp"

namespace skrei::content::embedded {
namespace {

// Bounds of one step.
constexpr std::size_t kVisitsMax = 128;
constexpr std::int64_t kPinsMax = 128;
constexpr std::int64_t kExpiredMax = 1000;
constexpr std::int64_t kRootsMax = 500;
constexpr std::int64_t kSweptMax = 1000;
constexpr std::int64_t kRemovedMax = 250;
constexpr std::int64_t kMovedMax = 64;
constexpr std::int64_t kMovedBytesMax = std::int64_t{4} << 20;

bool may_link(const multi::Cid& cid) {
  return cid.codec() != multi::Codec::Raw;
}

}  // namespace

Result<void> Collector::load() {
  TRY_ASSIGN(auto cycle, index_.statement("SELECT cycle FROM collection"));
  TRY_ASSIGN(const bool known, cycle.step());
  if (known) cycle_ = cycle.integer(0);
  TRY_ASSIGN(auto rows,
             index_.statement("SELECT segment, sum(length) FROM block GROUP BY segment"));
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) return {};
    live_bytes_[rows.integer(0)] = rows.integer(1);
  }
}

void Collector::release(const multi::Multihash& hash) {
  const auto found = held_.find(hash);
  if (found != held_.end() && --found->second == 0) held_.erase(found);
}

void Collector::keep(const multi::Cid& root) {
  if (phase_ == Phase::Idle || phase_ == Phase::Compact) return;
  to_visit_.push_back(root);
  phase_ = Phase::Mark;  // The later phases go on where they were.
}

Result<CollectStep> Collector::step(WallTime now) {
  CollectStep done;
  if (const Result<void> stepped = advance(now, done); !stepped) {
    // Half a step may be lost: the next call begins anew, and nothing more is taken until then.
    const std::lock_guard lock(mutex_);
    phase_ = Phase::Idle;
    garbage_ = true;
    return fail(stepped.error());
  }
  return done;
}

Result<void> Collector::advance(WallTime now, CollectStep& step) {
  Phase phase{};
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::Idle) TRY(begin(now));
    phase = phase_;
  }
  switch (phase) {
    case Phase::Idle:
      step.done = true;
      break;
    case Phase::Mark:
      return mark();
    case Phase::Roots:
      return clear_roots();
    case Phase::Sweep:
      return sweep(step);
    case Phase::Compact:
      return compact(step);
  }
  return {};
}

Result<void> Collector::begin(WallTime now) {
  TRY_ASSIGN(const std::int64_t expired,
             index_.run("DELETE FROM pin WHERE (cid, owner, owner_id) IN (SELECT cid, owner, "
                        "owner_id FROM pin WHERE expires_at_ns <= ? LIMIT ?)",
                        now.time_since_epoch().count(), kExpiredMax));
  if (expired == 0 && !garbage_) return {};
  TRY(index_.run("INSERT OR REPLACE INTO collection (one, cycle) VALUES (1, ?)", cycle_ + 1));
  ++cycle_;
  garbage_ = false;
  phase_ = Phase::Mark;
  to_visit_.clear();
  pins_done_.clear();
  roots_done_.clear();
  swept_.clear();
  left_alone_.clear();
  return {};
}

/// Pins by CID, which are few for each; one that comes behind the last one read goes through
/// keep().
Result<bool> Collector::next_pins() {
  TRY_ASSIGN(auto rows, index_.statement(
                            "SELECT cid FROM pin WHERE cid > ?1 UNION "
                            "SELECT cid FROM execution_pin WHERE cid > ?1 ORDER BY cid LIMIT ?2"));
  TRY(rows.bind_all(pins_done_, kPinsMax));
  bool any = false;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) return any;
    any = true;
    pins_done_ = rows.blob(0);
    TRY_ASSIGN(multi::Cid cid, multi::Cid::from_bytes(pins_done_));
    to_visit_.push_back(std::move(cid));
  }
}

Result<bool> Collector::visit(const multi::Cid& cid) {
  const std::int64_t mark = fresh_mark() + (may_link(cid) ? 1 : 0);
  // 0 rows: it was seen, or it is not here.
  TRY_ASSIGN(const std::int64_t changed,
             index_.run("UPDATE block SET mark = ?1 WHERE hash = ?2 AND mark < ?1", mark,
                        cid.hash().to_bytes()));
  return changed > 0 && may_link(cid);
}

Result<void> Collector::mark() {
  std::vector<multi::Cid> to_read;
  {
    const std::lock_guard lock(mutex_);
    if (to_visit_.empty()) {
      TRY_ASSIGN(const bool any, next_pins());
      if (!any) phase_ = Phase::Roots;
      return {};
    }
    TRY_ASSIGN(auto transaction, db::Transaction::begin(index_));
    for (std::size_t i = 0; i < kVisitsMax && !to_visit_.empty(); ++i) {
      const multi::Cid cid = std::move(to_visit_.back());
      to_visit_.pop_back();
      TRY_ASSIGN(const bool follow, visit(cid));
      if (follow) to_read.push_back(cid);
    }
    TRY(transaction.commit());
  }
  std::vector<multi::Cid> found;
  for (const multi::Cid& cid : to_read) {
    const auto bytes = blocks_.get(cid);
    // What it links to is unknown: better keep everything than take a part of what is pinned.
    if (!bytes) return fail(bytes.error());
    // Bytes that are no node have no links.
    if (auto links = links_of(cid, *bytes)) {
      found.insert(found.end(), links->begin(), links->end());
    }
  }
  const std::lock_guard lock(mutex_);
  to_visit_.insert(to_visit_.end(), found.begin(), found.end());
  return {};
}

Result<void> Collector::clear_roots() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::Roots) return {};
  std::vector<Bytes> roots;
  TRY_ASSIGN(auto rows,
             index_.statement("SELECT cid FROM root WHERE cid > ? ORDER BY cid LIMIT ?"));
  TRY(rows.bind_all(roots_done_, kRootsMax));
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    roots.push_back(rows.blob(0));
  }
  rows.reset();
  if (roots.empty()) {
    phase_ = Phase::Sweep;
    return {};
  }
  TRY_ASSIGN(auto transaction, db::Transaction::begin(index_));
  for (const Bytes& root : roots) {
    TRY_ASSIGN(const multi::Cid cid, multi::Cid::from_bytes(root));
    TRY(
        index_.run("DELETE FROM root WHERE cid = ?1 AND NOT EXISTS "
                   "(SELECT 1 FROM block WHERE hash = ?2 AND mark >= ?3)",
                   root, cid.hash().to_bytes(), fresh_mark() + (may_link(cid) ? 1 : 0)));
  }
  TRY(transaction.commit());
  roots_done_ = roots.back();
  return {};
}

Result<void> Collector::sweep(CollectStep& step) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::Sweep || pauses_ > 0) return {};
  struct Condemned {
    Bytes hash;
    std::int64_t segment;
    std::int64_t length;
  };
  std::vector<Condemned> condemned;
  Bytes last;
  {
    TRY_ASSIGN(auto rows, index_.statement("SELECT hash, mark, segment, length FROM block "
                                           "WHERE hash > ? ORDER BY hash LIMIT ?"));
    TRY(rows.bind_all(swept_, kSweptMax));
    while (std::ssize(condemned) < kRemovedMax) {
      TRY_ASSIGN(const bool row, rows.step());
      if (!row) break;
      last = rows.blob(0);
      if (rows.integer(1) >= fresh_mark()) continue;
      TRY_ASSIGN(const auto hash, multi::Multihash::from_bytes(last));
      if (!held_.contains(hash)) condemned.push_back({last, rows.integer(2), rows.integer(3)});
    }
  }
  if (last.empty()) {
    phase_ = Phase::Compact;
    return {};
  }
  TRY_ASSIGN(auto transaction, db::Transaction::begin(index_));
  for (const Condemned& block : condemned)
    TRY(index_.run("DELETE FROM block WHERE hash = ?", block.hash));
  TRY(transaction.commit());
  swept_ = last;
  for (const Condemned& block : condemned) {
    live_bytes_[block.segment] -= block.length;
    ++step.blocks_removed;
    step.bytes_removed += static_cast<std::uint64_t>(block.length);
  }
  return {};
}

Result<std::optional<std::int64_t>> Collector::segment_to_compact() {
  std::optional<std::int64_t> best;
  for (const auto& [number, bytes] : segments_.sealed()) {
    if (left_alone_.contains(number) || live_bytes_[number] * 2 >= bytes) continue;
    if (!best || live_bytes_[number] < live_bytes_[*best]) best = number;
  }
  return best;
}

Result<void> Collector::compact(CollectStep& step) {
  std::optional<std::int64_t> segment;
  {
    const std::lock_guard lock(mutex_);
    if (pauses_ > 0) return {};
    TRY_ASSIGN(segment, segment_to_compact());
    if (!segment) {
      phase_ = Phase::Idle;
      step.done = true;
      return {};
    }
  }
  const auto moved = move_blocks(*segment);
  if (!moved) {
    const std::lock_guard lock(mutex_);
    left_alone_[*segment] = true;
    log::warn("a content segment could not be compacted",
              {{"segment", *segment}, {"why", moved.error().message}});
    return {};
  }
  if (*moved > 0) return {};
  std::uint64_t bytes = 0;
  for (const auto& sealed : segments_.sealed()) {
    if (sealed.number == *segment) bytes = static_cast<std::uint64_t>(sealed.bytes);
  }
  TRY_ASSIGN(const bool removed, segments_.remove(*segment));
  const std::lock_guard lock(mutex_);
  if (removed) {
    live_bytes_.erase(*segment);
    step.bytes_freed += bytes;
  } else {
    left_alone_[*segment] = true;  // A batch that is not committed has bytes there.
  }
  return {};
}

Result<std::size_t> Collector::move_blocks(std::int64_t segment) {
  struct Moved {
    multi::Multihash hash;
    BlockPlace from;
    BlockPlace to;
  };
  std::vector<Moved> moved;
  {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(auto rows, index_.statement("SELECT hash, offset, length FROM block "
                                           "WHERE segment = ? ORDER BY offset LIMIT ?"));
    TRY(rows.bind_all(segment, kMovedMax));
    for (std::int64_t bytes = 0; bytes < kMovedBytesMax;) {
      TRY_ASSIGN(const bool row, rows.step());
      if (!row) break;
      TRY_ASSIGN(auto hash, multi::Multihash::from_bytes(rows.blob(0)));
      moved.push_back({std::move(hash), {segment, rows.integer(1), rows.integer(2)}, {}});
      bytes += rows.integer(2);
    }
  }
  std::set<std::int64_t> touched;
  const auto copy = [&](Moved& block) -> Result<void> {
    TRY_ASSIGN(const Bytes bytes, segments_.read(block.from));
    if (!block.hash.matches(bytes)) {
      return fail(Code::Internal, "the block at offset {} is damaged", block.from.offset);
    }
    TRY_ASSIGN(block.to, segments_.append(block.hash, bytes));
    touched.insert(block.to.segment);
    return {};
  };
  Result<void> copied;
  for (Moved& block : moved) {
    copied = copy(block);
    if (!copied) break;
  }
  if (copied) copied = segments_.sync(touched);
  const std::lock_guard lock(mutex_);
  const auto settle_all = [&] {
    for (const Moved& block : moved)
      if (block.to.segment != 0) segments_.settle(block.to);
  };
  const auto enter = [&]() -> Result<void> {
    TRY(copied);
    TRY_ASSIGN(auto transaction, db::Transaction::begin(index_));
    for (const Moved& block : moved) {
      TRY(index_.run("UPDATE block SET segment = ?, offset = ? WHERE hash = ? AND segment = ?",
                     block.to.segment, block.to.offset, block.hash.to_bytes(), segment));
    }
    return transaction.commit();
  };
  const Result<void> entered = enter();
  settle_all();
  TRY(entered);
  for (const Moved& block : moved) {
    live_bytes_[segment] -= block.from.length;
    live_bytes_[block.to.segment] += block.to.length;
  }
  return moved.size();
}

}  // namespace skrei::content::embedded
