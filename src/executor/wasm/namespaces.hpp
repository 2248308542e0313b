// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "executor/wasm/walls.hpp"

/// The wall around files where the kernel has no Landlock: a mount namespace whose root is empty
/// but for the allowed folders, with own network, ipc and uts namespaces beside it.
namespace skrei::executor::wasm {

/// Makes the namespaces (an ordinary user's in a new user namespace), bind-mounts each root below
/// a new empty root, read-only where it is so, and exchanges the roots.
///
/// A folder that was opened before still stands on the old mounts, where ".." leads up to the
/// machine's own root. So every open folder is replaced, under its number, by the same folder
/// opened through the new mounts; FailedPrecondition names one that no root covers. Roots must be
/// folders. Costs a millisecond or two.
Result<void> enter_namespaces(std::span<const WallsRoot> roots);

/// Whether this user may make these namespaces; tries it in a child.
bool namespaces_work();

}  // namespace skrei::executor::wasm
