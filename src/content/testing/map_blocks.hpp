// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "content/block_io.hpp"

namespace skrei::content::testing {

/// Blocks in a map, readable at once: for tests of builders and readers.
class MapBlocks final : public BlockSource, public BlockSink {
 public:
  Result<Bytes> get(const multi::Cid& cid) override {
    const auto found = blocks.find(cid);
    if (found == blocks.end()) return fail(Code::NotFound, "block {} is not here", cid);
    return found->second;
  }
  Result<void> put(const multi::Cid& cid, ByteView bytes) override {
    TRY(check_block(cid, bytes));
    blocks[cid] = to_bytes(bytes);
    return {};
  }

  std::map<multi::Cid, Bytes> blocks;
};

}  // namespace skrei::content::testing
