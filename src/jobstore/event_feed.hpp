// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace skrei::jobstore {

/// How far the synced events of a store reach, and who is told when they reach further. The part
/// that JobStore::last_event() and on_events() have in common for all drivers. On the loop thread.
class EventFeed {
 public:
  explicit EventFeed(std::uint64_t last = 0) : last_(last) {}

  std::uint64_t last() const { return last_; }
  void listen(std::function<void()> listener) { listener_ = std::move(listener); }

  /// Events up to `seq` are synced. Nothing happens if that was known.
  void advance(std::uint64_t seq) {
    if (seq <= last_) return;
    last_ = seq;
    if (listener_) listener_();
  }

 private:
  std::uint64_t last_;
  std::function<void()> listener_;
};

}  // namespace skrei::jobstore
