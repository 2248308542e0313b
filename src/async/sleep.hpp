// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::async {

/// Suspends for `duration` of the machine's steady time. Cancelled error if the task is cancelled;
/// the next co_await of a cancelled task throws, so return on it.
Task<Result<void>> sleep_for(Duration duration);

}  // namespace skrei::async
