// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/ids.hpp"
#include "model/resources.hpp"

namespace skrei::compute {

/// Executions that wait for room. Whose turn it is: the requester that uses least of the node (its
/// largest share of any resource counts); among its own by priority, then age. The head waits until
/// it fits: nothing passes it, so that large jobs are not starved by small ones.
class FairQueue {
 public:
  explicit FairQueue(model::Resources capacity) : capacity_(capacity) {}

  struct Item {
    ExecutionId execution;
    NodeId requester;
    int priority = 0;
    model::Resources resources;
  };

  void push(const Item& item);
  void erase(const ExecutionId& execution);
  /// Whose turn it is. Nothing if the queue is empty.
  std::optional<ExecutionId> front() const;

  /// The requester's use of the node by executions that have room.
  void add_use(const NodeId& requester, const model::Resources& resources);
  void remove_use(const NodeId& requester, const model::Resources& resources);

  bool empty() const { return places_.empty(); }
  std::size_t size() const { return places_.size(); }
  /// Sum of what the waiting ones ask for.
  const model::Resources& waiting() const { return waiting_; }

 private:
  struct Place {
    std::int64_t rank = 0;  ///< Minus the priority.
    std::uint64_t serial = 0;
    ExecutionId execution;

    auto operator<=>(const Place&) const = default;
  };
  struct Waiting {
    NodeId requester;
    Place place;
    model::Resources resources;
  };

  double share(const NodeId& requester) const;

  model::Resources capacity_;
  std::uint64_t next_serial_ = 1;
  std::map<ExecutionId, Waiting> places_;
  std::map<NodeId, std::set<Place>> lines_;
  std::map<NodeId, model::Resources> use_;
  model::Resources waiting_;
};

}  // namespace skrei::compute
