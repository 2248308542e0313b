// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/poller.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>

namespace skrei::executor::wasm {
namespace {

constexpr int kEventsAtOnce = 64;

epoll_event event_of(int fd, std::uint32_t generation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd);
  return event;
}

}  // namespace

Result<Poller> Poller::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("epoll");
  return Poller(std::move(epoll));
}

Result<void> Poller::add(int fd, std::uint32_t events, Callback callback) {
  epoll_event event = event_of(fd, ++generation_, events);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("epoll");
  entries_[fd] = {generation_, std::make_shared<Callback>(std::move(callback))};
  return {};
}

Result<void> Poller::change(int fd, std::uint32_t events) {
  epoll_event event = event_of(fd, entries_.at(fd).generation, events);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) return fail_errno("epoll");
  return {};
}

void Poller::remove(int fd) {
  if (entries_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Result<void> Poller::wait(std::optional<Duration> limit) {
  int timeout = -1;
  if (limit) {
    // Rounded up, so that a deadline is over when the wait is.
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(*limit).count();
    timeout = static_cast<int>(std::clamp<decltype(millis)>(millis, 0, 1'000'000));
  }
  std::array<epoll_event, kEventsAtOnce> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, timeout);
  if (count < 0 && errno != EINTR) return fail_errno("epoll");
  for (int i = 0; i < count; ++i) {
    const std::uint64_t data = events[static_cast<std::size_t>(i)].data.u64;
    const auto found = entries_.find(static_cast<int>(data & 0xffffffff));
    if (found == entries_.end() || found->second.generation != data >> 32) continue;
    const std::shared_ptr<Callback> callback = found->second.callback;
    (*callback)(events[static_cast<std::size_t>(i)].events);
  }
  return {};
}

}  // namespace skrei::executor::wasm
