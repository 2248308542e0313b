// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "jobstore/committer.hpp"
#include "jobstore/memory/tables.hpp"
#include "sim/agenda.hpp"
#include "sim/dice.hpp"
#include "sim/scenario.hpp"

namespace skrei::sim {

/// A node's durable store, as JobStore describes it: batches gather in the open group, one writer
/// at a time writes and syncs a whole group, then its batches are answered in order.
///
/// crash() forgets the open group. The group that is being written is there afterwards, or is not:
/// whole, and not answered in either case.
class Disk final : public jobstore::Committer {
 public:
  struct Owner {
    /// A batch has become durable; it is not yet in the tables.
    std::function<void(const protocol::Batch& batch)> synced;
    /// Takes an answer to the process that waits for it.
    std::function<void(Action answer)> answer;
  };

  Disk(Agenda& agenda, Dice& dice, const Weather& weather, Owner owner)
      : agenda_(agenda), dice_(dice), weather_(weather), owner_(std::move(owner)) {}

  void commit(protocol::Batch batch, Action synced) override;
  void crash();

  const jobstore::memory::Tables& tables() const { return tables_; }
  /// Batches handed in and batches that are durable, in this life.
  std::uint64_t committed() const { return committed_; }
  std::uint64_t synced() const { return synced_; }

 private:
  struct Entry {
    protocol::Batch batch;
    Action synced;
  };
  void write();
  /// The group that was being written is durable.
  void keep();
  void finish();

  Agenda& agenda_;
  Dice& dice_;
  const Weather& weather_;
  Owner owner_;
  jobstore::memory::Tables tables_;
  std::vector<Entry> open_;
  std::vector<Entry> written_;
  bool writing_ = false;
  std::uint64_t life_ = 0;
  std::uint64_t committed_ = 0;
  std::uint64_t synced_ = 0;
};

}  // namespace skrei::sim
