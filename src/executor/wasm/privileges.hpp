// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "executor/wasm/walls.hpp"

/// Who a walled process is and what it may use up.
namespace skrei::executor::wasm {

/// Becomes `user` with no other group, for good. PermissionDenied unless root.
Result<void> become(const WallsUser& user);

/// Lowers what `limits` names; further: no core dump, no locked memory, no message queues, no new
/// process. A wish above the inherited limit leaves that as it is.
Result<void> lower_rlimits(const WallsLimits& limits);

/// Gives up every capability in every set, and with no_new_privs all ways to get one. The process
/// can then not be dumped, nor traced by its own user.
Result<void> drop_privileges();

/// SIGKILL when `parent` ends; Cancelled if it has ended already. After become(), which undoes it.
Result<void> die_with(pid_t parent);

}  // namespace skrei::executor::wasm
