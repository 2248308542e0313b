// SPDX-License-Identifier: Apache-2.0
#include "async/alarm.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "async/loop.hpp"

namespace skrei::async {

namespace asio = boost::asio;

struct Alarm::State {
  State(Loop& loop, const Clock& clock_, std::function<void()> ring_)
      : timer(loop.context()), clock(clock_), ring(std::move(ring_)) {}

  asio::steady_timer timer;
  const Clock& clock;
  std::function<void()> ring;
  std::optional<BootTime> when;
};

Alarm::Alarm(Loop& loop, const Clock& clock, std::function<void()> ring)
    : state_(std::make_shared<State>(loop, clock, std::move(ring))) {}

Alarm::~Alarm() {
  state_->timer.cancel();
}

void Alarm::set(std::optional<BootTime> when) {
  if (state_->when == when) return;
  state_->when = when;
  if (!when) {
    state_->timer.cancel();
    return;
  }
  const Duration left = std::max(Duration(0), *when - state_->clock.boot_now());
  state_->timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(left));
  state_->timer.async_wait(
      [weak = std::weak_ptr<State>(state_), moment = *when](boost::system::error_code error) {
        const auto state = weak.lock();
        // An older wait may end with success after set() was called anew.
        if (error || state == nullptr || state->when != moment) return;
        state->when.reset();
        state->ring();
      });
}

}  // namespace skrei::async
