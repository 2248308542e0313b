// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"

namespace skrei::async {

class Loop;

/// Calls one function when a moment has come: the clock of a decider. On the loop thread; never
/// within set(); not after destruction.
class Alarm {
 public:
  /// `clock` outlives the alarm.
  Alarm(Loop& loop, const Clock& clock, std::function<void()> ring);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Replaces the moment. Unset: never. A moment that has passed rings in the next turn.
  void set(std::optional<BootTime> when);

 private:
  struct State;
  std::shared_ptr<State> state_;  // Shared with the wait under way, which may end after us.
};

}  // namespace skrei::async
