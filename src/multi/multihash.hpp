// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

#include "base/bytes.hpp"

namespace skrei::multi {

/// Hash functions understood here, by their multicodec code.
enum class HashCode : std::uint64_t {
  Identity = 0x00,  ///< The "digest" is the content itself; at most 128 bytes.
  Sha2_256 = 0x12,
};

inline constexpr std::size_t kIdentitySizeMax = 128;

/// A digest that says which function made it. Wire form: varint code, varint length, digest.
struct Multihash {
  HashCode code = HashCode::Sha2_256;
  Bytes digest;

  auto operator<=>(const Multihash&) const = default;
  bool operator==(const Multihash&) const = default;

  static Multihash sha2_256(ByteView content);

  Bytes to_bytes() const;
  /// The whole of `bytes` must be one multihash. InvalidArgument if it is not, if its function is
  /// not supported, or if its length is not that function's.
  static Result<Multihash> from_bytes(ByteView bytes);

  /// Whether `content` hashes to this.
  bool matches(ByteView content) const;
};

}  // namespace skrei::multi
