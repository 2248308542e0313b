// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/candidates.hpp"

#include <algorithm>

namespace skrei::orchestrator {
namespace {

constexpr std::size_t kKindsMax = 64;

}  // namespace

const Candidates::Ranking& Candidates::of(const model::Job& job, const Needs& needs) {
  const std::uint64_t end = nodes_.first_change() + nodes_.changes().size();
  const auto found = kept_.find(needs.kind);
  const bool known = found != kept_.end();
  if (!known) make_room();
  Kept& kept = known ? found->second : kept_[needs.kind];
  kept.last_use = ++uses_;
  const bool anew = !known || kept.next_change < nodes_.first_change() ||
                    end - kept.next_change > nodes_.all().size();
  if (anew) {
    kept.order.clear();
    kept.costs.clear();
    for (const auto& [id, node] : nodes_.all())
      look(kept, id, job, needs);
  } else {
    for (std::uint64_t change = kept.next_change; change < end; ++change)
      look(kept, nodes_.changes()[change - nodes_.first_change()], job, needs);
  }
  kept.next_change = end;
  return kept.order;
}

void Candidates::look(Kept& kept, const NodeId& id, const model::Job& job,
                      const Needs& needs) const {
  if (const auto former = kept.costs.find(id); former != kept.costs.end()) {
    kept.order.erase({former->second, id});
    kept.costs.erase(former);
  }
  const NodeEntry* node = nodes_.find(id);
  if (!node || !nodes_.is_open(*node)) return;
  if (!NodeTable::unsuitable(*node, job, needs).empty()) return;
  const Duration cost = nodes_.cost(*node, needs);
  kept.order.emplace(cost, id);
  kept.costs.emplace(id, cost);
}

void Candidates::make_room() {
  if (kept_.size() < kKindsMax) return;
  kept_.erase(
      std::ranges::min_element(kept_, {}, [](const auto& entry) { return entry.second.last_use; }));
}

}  // namespace skrei::orchestrator
