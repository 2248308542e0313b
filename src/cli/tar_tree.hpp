// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/stream.hpp"
#include "content/import.hpp"

// Folders as tar streams, out of and into the file system. All functions block.

namespace skrei::cli {

/// Bytes of file contents so far.
using BytesDone = std::function<void(std::uint64_t)>;

/// Writes what lies in `folder` as a tar with the folder's entries at the top, sorted. Symbolic
/// links are kept, never followed; sockets, devices and FIFOs are InvalidArgument by name, as is a
/// file that changes its length meanwhile.
Result<void> pack_folder(const std::filesystem::path& folder, content::Hidden hidden,
                         const BytesDone& done, const WriteFunction& sink);

/// Unpacks a tar into `folder`, which exists; what lies below `strip` ("a/b") in the tar comes to
/// the top. Never outside the folder, never through a symbolic link, and never over something that
/// exists (AlreadyExists).
Result<void> unpack_folder(const std::filesystem::path& folder, std::string_view strip,
                           const BytesDone& done, const ReadFunction& source);

}  // namespace skrei::cli
