// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "content/block_io.hpp"

namespace skrei::content {

struct DagSize {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  ///< Of blocks, each counted once.

  bool operator==(const DagSize&) const = default;
};

/// Visits every block below `root` once and calls `visit` with each. The first error of get() or
/// `visit` ends it; so NotFound names the first missing block. Memory: one digest a block.
Result<DagSize> walk_dag(BlockSource& source, const multi::Cid& root,
                         const std::function<Result<void>(const multi::Cid&, ByteView)>& visit);

}  // namespace skrei::content
