// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/ids.hpp"
#include "model/job.hpp"
#include "orchestrator/node_table.hpp"

namespace skrei::orchestrator {

/// Which open nodes suit a job, the cheapest first, without a look at all nodes for each offer: one
/// ranking for each kind of job (Needs::kind), brought up to date with the nodes that have changed
/// since it was last asked for. The rankings used last are kept.
class Candidates {
 public:
  using Ranking = std::set<std::pair<Duration, NodeId>>;

  /// `nodes` outlives the object.
  explicit Candidates(const NodeTable& nodes) : nodes_(nodes) {}

  /// By cost, then id. Valid until the next call. O(k log n) for k nodes changed since the last
  /// call with this kind of job, O(n log n) for a kind not seen lately.
  const Ranking& of(const model::Job& job, const Needs& needs);

 private:
  struct Kept {
    Ranking order;
    std::map<NodeId, Duration> costs;
    /// The first change of a node that is not in it yet.
    std::uint64_t next_change = 0;
    std::uint64_t last_use = 0;
  };

  void look(Kept& kept, const NodeId& id, const model::Job& job, const Needs& needs) const;
  void make_room();

  const NodeTable& nodes_;
  std::map<Sha256Digest, Kept> kept_;
  std::uint64_t uses_ = 0;
};

}  // namespace skrei::orchestrator
