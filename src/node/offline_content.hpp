// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "async/blocking.hpp"
#include "content/content_store.hpp"

namespace skrei::node {

/// The content store of a data directory that no node holds, for commands that work without one.
/// Holds the directory, so that no node starts over it meanwhile.
class OfflineContent {
 public:
  /// Errors are those of DataDir::open and of the store. `pool` outlives it.
  static Result<std::unique_ptr<OfflineContent>> open(const std::filesystem::path& data_dir,
                                                      async::BlockingPool& pool);
  virtual ~OfflineContent() = default;

  virtual content::ContentStore& store() = 0;
};

}  // namespace skrei::node
