// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/budget.hpp"
#include "base/open_beneath.hpp"
#include "base/stream.hpp"
#include "content/dag_builder.hpp"

// Files, streams and archives into UnixFS. All functions block, and put blocks into a sink (an
// AddBatch, usually, which the caller commits with the root). A mount, device, socket or FIFO in a
// tree is InvalidArgument by name.

namespace skrei::content {

enum class Hidden { Skip, Include };

struct ImportOptions {
  const UnixFsProfile* profile = &kUnixFsV1;
  Budget budget = {};
  /// Entries that begin with a dot; the profiles leave them out.
  Hidden hidden = Hidden::Skip;
  Mounts mounts = Mounts::Cross;
  /// Called with the bytes read so far.
  std::function<void(std::uint64_t)> progress = {};
};

/// A file, a folder with all below it, or a symbolic link. Links are kept, never followed; sparse
/// files count by length; hard links are files.
Result<DagLink> import_path(BlockSink& sink, const std::filesystem::path& path,
                            const ImportOptions& options);

/// One file from a stream that ends.
Result<DagLink> import_stream(BlockSink& sink, const ReadFunction& source,
                              const ImportOptions& options);

/// A folder from a tar, plain or gzip. Folders may be implied by paths; a path that comes twice is
/// InvalidArgument. Hidden entries are included: they were asked for.
Result<DagLink> import_tar(BlockSink& sink, ReadFunction source, const ImportOptions& options);

/// Reads from a descriptor; it must stay open.
ReadFunction reading_from(int fd, std::string what);

}  // namespace skrei::content
