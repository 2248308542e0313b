// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.hpp"

namespace skrei::protocol {

/// At most one deadline for each key, the earliest first; keys break ties, so that the order is the
/// same in every run. All calls O(log n).
template <class Key>
class Deadlines {
 public:
  /// Sets or moves the deadline of `key`.
  void set(const Key& key, BootTime time) {
    auto [place, inserted] = times_.try_emplace(key, time);
    if (!inserted) {
      if (place->second == time) return;
      order_.erase({place->second, key});
      place->second = time;
    }
    order_.emplace(time, key);
  }

  void clear(const Key& key) {
    const auto place = times_.find(key);
    if (place == times_.end()) return;
    order_.erase({place->second, key});
    times_.erase(place);
  }

  std::optional<BootTime> first() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  /// Removes and gives the first key whose deadline has come.
  std::optional<Key> pop_due(BootTime now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    Key key = order_.begin()->second;
    order_.erase(order_.begin());
    times_.erase(key);
    return key;
  }

  std::size_t size() const { return times_.size(); }

 private:
  std::map<Key, BootTime> times_;
  std::set<std::pair<BootTime, Key>> order_;
};

}  // namespace skrei::protocol
