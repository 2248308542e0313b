// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "model/labels.hpp"
#include "protocol/hosted.hpp"

namespace skrei::compute {

/// The environment that a program is given: who it is (BACALHAU_* as clients of v1.9.3 know them,
/// SKREI_* beside them, TRACEPARENT of W3C Trace Context), then what the task declares.
///
/// A value "env:NAME" stands for the node's own variable NAME. PermissionDenied unless a pattern of
/// `allow` (fnmatch(3): "HTTP_*") matches it; NotFound if it is not set.
Result<model::StringMap> task_environment(const protocol::HostedExecution& hosted,
                                          const NodeId& node,
                                          const std::vector<std::string>& allow);

/// Whether the task has an "env:NAME".
bool asks_for_host_variables(const model::Task& task);

/// Whether each "env:NAME" of the task is allowed, as task_environment() will ask.
Result<void> check_environment(const model::Task& task, const std::vector<std::string>& allow);

}  // namespace skrei::compute
