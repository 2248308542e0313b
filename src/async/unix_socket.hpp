// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/fd.hpp"

namespace skrei::async {

/// Unix stream sockets by path. sun_path holds 108 bytes; a longer path is reached through its
/// folder's descriptor (/proc/self/fd/N/name), so only the last part has to be short.
///
/// Both are non-blocking and close-on-exec.

/// NotFound or Unavailable ("nobody listens on …") in one sentence.
Result<UniqueFd> connect_unix(const std::filesystem::path& path);

/// Listens with mode `mode`. A socket that is left over from a dead process is replaced;
/// AlreadyExists if somebody answers there, or if the path is not a socket.
Result<UniqueFd> listen_unix(const std::filesystem::path& path, unsigned mode = 0600);

}  // namespace skrei::async
