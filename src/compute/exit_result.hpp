// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "executor/engine.hpp"
#include "protocol/outcome.hpp"

namespace skrei::compute {

/// What the requester is told of an execution that its engine has ended; without output and
/// published result. `timeout` is the job's execution timeout, for the sentence.
protocol::ExecutionResult result_of_exit(const executor::Exit& exit, std::chrono::seconds timeout);

/// The same for work that failed before, or after, the program ran. `doing` comes first in the
/// sentence: "preparing input /data".
protocol::ExecutionResult result_of_error(const Error& error, std::string_view doing);

}  // namespace skrei::compute
