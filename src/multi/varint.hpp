// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace skrei::multi {

/// Appends `value` as an unsigned varint: seven bits a byte, lowest first, high bit = more follows.
void append_varint(Bytes& out, std::uint64_t value);

struct Varint {
  std::uint64_t value = 0;
  std::size_t size = 0;  ///< Bytes it took.
};

/// Reads the varint at the start of `bytes`. InvalidArgument if it is cut off, longer than ten
/// bytes, above 2^64-1, or not the shortest form.
Result<Varint> read_varint(ByteView bytes);

}  // namespace skrei::multi
