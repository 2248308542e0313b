// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.hpp"

namespace skrei::sim {

/// The world's time: since it began. No node sees it; each has clocks of its own.
using WorldTime = Duration;

using Action = std::move_only_function<void()>;

/// What will happen in the world, and when. Things of one moment happen in the order in which they
/// were put down.
class Agenda {
 public:
  WorldTime now() const { return now_; }
  /// A time that has passed means now.
  void at(WorldTime time, Action action);
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  bool empty() const { return heap_.empty(); }
  /// When the next thing happens; not of an empty one.
  WorldTime next() const { return heap_.front().time; }
  /// The next thing happens.
  void step();
  std::uint64_t steps() const { return steps_; }

 private:
  struct Entry {
    WorldTime time{};
    std::uint64_t order = 0;
    Action action;
  };
  static bool later(const Entry& a, const Entry& b);

  WorldTime now_{};
  std::uint64_t next_order_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace skrei::sim
