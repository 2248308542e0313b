// SPDX-License-Identifier: Apache-2.0
// CIDs in text and in binary: what parses is printed and parses again as the same.

#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "multi/cid.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using skrei::multi::Cid;
  const skrei::ByteView bytes(data, size);
  if (const auto cid = Cid::parse(skrei::as_chars(bytes))) {
    SKREI_ASSERT(Cid::parse(cid->to_string()) == *cid);
  }
  if (const auto cid = Cid::from_bytes(bytes)) {
    SKREI_ASSERT(cid->to_bytes() == skrei::to_bytes(bytes));
    SKREI_ASSERT(Cid::parse(cid->to_string()) == *cid);
  }
  return 0;
}
