// SPDX-License-Identifier: Apache-2.0
#include "testing/runner.hpp"

#include "async/sleep.hpp"

namespace skrei::e2e {

async::Task<Result<void>> wait_until(Duration limit, std::string what,
                                     std::function<bool()> condition) {
  const SystemClock clock;
  const BootTime deadline = clock.boot_now() + limit;
  while (!condition()) {
    if (clock.boot_now() >= deadline) {
      co_return fail(Code::DeadlineExceeded, "{} did not happen within {} ms", what,
                     std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
    }
    CO_TRY(co_await async::sleep_for(std::chrono::milliseconds(10)));
  }
  co_return Result<void>();
}

}  // namespace skrei::e2e
