// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

namespace skrei {

enum class Mounts { Cross, Refuse };

/// openat2(2): opens `path` relative to `folder`, never leaving it and never through a symbolic
/// link (RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS), and with Mounts::Refuse not
/// into another mount (RESOLVE_NO_XDEV). Errors name `path`; a link on the way is InvalidArgument.
Result<UniqueFd> open_beneath(int folder, const std::filesystem::path& path, int flags,
                              Mounts mounts = Mounts::Cross, unsigned mode = 0);

}  // namespace skrei
