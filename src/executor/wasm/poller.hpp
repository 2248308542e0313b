// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace skrei::executor::wasm {

/// epoll(7) with a callback for each descriptor. One thread. A callback may add and remove any
/// descriptor, its own too.
class Poller {
 public:
  /// `events`: EPOLLIN and so on, as they came.
  using Callback = std::function<void(std::uint32_t events)>;

  static Result<Poller> create();

  /// `fd` stays the caller's, who removes it before closing it.
  Result<void> add(int fd, std::uint32_t events, Callback callback);
  Result<void> change(int fd, std::uint32_t events);
  void remove(int fd);

  /// Waits for events, at most `limit` (nothing: for ever), and calls back.
  Result<void> wait(std::optional<Duration> limit);

 private:
  explicit Poller(UniqueFd epoll) : epoll_(std::move(epoll)) {}

  struct Entry {
    std::uint32_t generation;
    std::shared_ptr<Callback> callback;  // Kept while it runs, even if it removes itself.
  };

  UniqueFd epoll_;
  std::map<int, Entry> entries_;
  // Tells an event of a closed descriptor from one of a new descriptor with the same number.
  std::uint32_t generation_ = 0;
};

}  // namespace skrei::executor::wasm
