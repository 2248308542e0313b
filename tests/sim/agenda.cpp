// SPDX-License-Identifier: Apache-2.0
#include "sim/agenda.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace skrei::sim {

bool Agenda::later(const Entry& a, const Entry& b) {
  return std::tie(a.time, a.order) > std::tie(b.time, b.order);
}

void Agenda::at(WorldTime time, Action action) {
  heap_.push_back({std::max(time, now_), next_order_++, std::move(action)});
  std::ranges::push_heap(heap_, later);
}

void Agenda::step() {
  std::ranges::pop_heap(heap_, later);
  Entry entry = std::move(heap_.back());
  heap_.pop_back();
  now_ = entry.time;
  ++steps_;
  entry.action();
}

}  // namespace skrei::sim
