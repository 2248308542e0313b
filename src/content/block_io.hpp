// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "multi/cid.hpp"

namespace skrei::content {

/// Largest block made or taken: what bitswap peers accept.
inline constexpr std::size_t kBlockSizeMax = std::size_t{2} << 20;

/// Where blocks are read from.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  /// The bytes of a block, checked against its CID. NotFound if it is not here. Blocks.
  virtual Result<Bytes> get(const multi::Cid& cid) = 0;
};

/// Where blocks are written to.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  /// InvalidArgument if `bytes` does not hash to `cid` or is over kBlockSizeMax. Blocks.
  virtual Result<void> put(const multi::Cid& cid, ByteView bytes) = 0;
};

/// What put() of every store checks.
Result<void> check_block(const multi::Cid& cid, ByteView bytes);

}  // namespace skrei::content
