// SPDX-License-Identifier: Apache-2.0
#include "compute/fair_queue.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace skrei::compute {
namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void FairQueue::push(const Item& item) {
  const Place place{-std::int64_t{item.priority}, next_serial_++, item.execution};
  const auto [entry, inserted] =
      places_.try_emplace(item.execution, Waiting{item.requester, place, item.resources});
  if (!inserted) return;
  lines_[item.requester].insert(place);
  waiting_ = waiting_ + item.resources;
}

void FairQueue::erase(const ExecutionId& execution) {
  const auto entry = places_.find(execution);
  if (entry == places_.end()) return;
  const auto line = lines_.find(entry->second.requester);
  line->second.erase(entry->second.place);
  if (line->second.empty()) lines_.erase(line);
  waiting_ = waiting_ - entry->second.resources;
  places_.erase(entry);
}

std::optional<ExecutionId> FairQueue::front() const {
  const Place* best = nullptr;
  double best_share = 0;
  for (const auto& [requester, line] : lines_) {
    const Place& head = *line.begin();
    const double used = share(requester);
    const bool better = !best || std::tie(used, head.serial) < std::tie(best_share, best->serial);
    if (!better) continue;
    best = &head;
    best_share = used;
  }
  if (!best) return std::nullopt;
  return best->execution;
}

void FairQueue::add_use(const NodeId& requester, const model::Resources& resources) {
  model::Resources& use = use_[requester];
  use = use + resources;
}

void FairQueue::remove_use(const NodeId& requester, const model::Resources& resources) {
  const auto entry = use_.find(requester);
  if (entry == use_.end()) return;
  entry->second = entry->second - resources;
  if (entry->second.is_zero()) use_.erase(entry);
}

double FairQueue::share(const NodeId& requester) const {
  const auto entry = use_.find(requester);
  if (entry == use_.end()) return 0;
  const model::Resources& use = entry->second;
  return std::max({ratio(use.cpu_millis, capacity_.cpu_millis),
                   ratio(use.memory_bytes, capacity_.memory_bytes),
                   ratio(use.disk_bytes, capacity_.disk_bytes), ratio(use.gpu, capacity_.gpu)});
}

}  // namespace skrei::compute
