// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/planted_bug.hpp"
#include "jobstore/committer.hpp"

namespace skrei::jobstore {

/// Keeps the commit rule for one decider: what an event causes passes only once the event's rows,
/// and those of every event before it, are synced; in the order of the events.
///
/// On the loop thread. Destroying it drops what has not passed.
class CommitGate {
 public:
  explicit CommitGate(Committer& store) : store_(store) {}

  /// `effects` runs within the call if there are no rows and none is under way.
  void pass(protocol::Batch rows, std::move_only_function<void()> effects) {
    if (rows.empty() && *unsynced_ == 0) {
      effects();
      return;
    }
    if (planted(PlantedBug::AckBeforeSync)) {
      effects();
      store_.commit(std::move(rows), [] {});
      return;
    }
    ++*unsynced_;
    // The store may answer after the gate, and what the effects refer to, are gone.
    store_.commit(std::move(rows), [unsynced = std::weak_ptr<std::size_t>(unsynced_),
                                    effects = std::move(effects)]() mutable {
      const auto alive = unsynced.lock();
      if (alive == nullptr) return;
      --*alive;
      effects();
    });
  }

 private:
  Committer& store_;
  std::shared_ptr<std::size_t> unsynced_ = std::make_shared<std::size_t>(0);
};

}  // namespace skrei::jobstore
