// SPDX-License-Identifier: Apache-2.0
#include "multi/varint.hpp"

namespace skrei::multi {

void append_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

Result<Varint> read_varint(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const std::uint8_t byte = bytes[i];
    if (i == 9 && byte > 1) return fail(Code::InvalidArgument, "varint is above 64 bits");
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && i > 0) return fail(Code::InvalidArgument, "varint is not in shortest form");
    return Varint{value, i + 1};
  }
  return fail(Code::InvalidArgument, "varint is cut off or too long");
}

}  // namespace skrei::multi
