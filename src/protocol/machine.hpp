// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace skrei::protocol {

/// One row of a transition table. A machine is the list of its rows; docs/job-lifecycle.md draws
/// the same rows, and a test holds the two together.
template <class State, class Event>
struct TransitionRow {
  State from;
  Event event;
  State to;
};

/// The state after `event`. Nothing where the table has no row: the event is a repeat or comes too
/// late, and changes nothing.
template <class Table, class State, class Event>
constexpr std::optional<State> next_state(const Table& table, State from, Event event) {
  for (const auto& row : table) {
    if (row.from == from && row.event == event) return row.to;
  }
  return std::nullopt;
}

}  // namespace skrei::protocol
