// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "executor/wasm/walls.hpp"

/// Landlock: paths, TCP, signals and abstract sockets (kernel's Documentation/userspace-api/
/// landlock.rst). Descriptors that are open already are not touched by it.
namespace skrei::executor::wasm {

/// Version of the kernel's Landlock, 0 if it has none or it is off.
int landlock_abi();

/// From now on the process reaches only what lies below `roots`, and signals only itself and its
/// own. no_new_privs must be set. FailedPrecondition without Landlock.
Result<void> enter_landlock(std::span<const WallsRoot> roots, int abi);

}  // namespace skrei::executor::wasm
