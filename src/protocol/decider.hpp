// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "protocol/messages.hpp"
#include "protocol/rows.hpp"

/// Deciders hold the rules of a node and nothing else: no coroutine, clock, thread or I/O. Time and
/// chance are handed in; what is to be done is handed out. The same events at the same times with
/// the same seed give the same effects, bit for bit.
///
/// Whoever runs a decider keeps the commit rule: an event is applied at once, its rows are
/// committed in that order, and its messages and actions leave only once those rows, and all before
/// them, are synced. It calls tick() when next_wakeup() has come.
namespace skrei::protocol {

/// Both clocks of the machine, read once for one event.
struct Now {
  WallTime wall;
  BootTime boot;
};

struct Send {
  NodeId to;
  Message message;
};

/// What one event causes.
struct Effects {
  Batch rows;
  std::vector<Send> sends;

  void put(Mutation row) { rows.push_back(std::move(row)); }
  void send(const NodeId& to, Message message) { sends.push_back({to, std::move(message)}); }
  bool empty() const { return rows.empty() && sends.empty(); }
};

}  // namespace skrei::protocol
