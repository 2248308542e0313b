// SPDX-License-Identifier: Apache-2.0
// One value has one encoding: what decodes encodes to the same bytes.

#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "multi/dag_cbor.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const skrei::ByteView bytes(data, size);
  if (const auto value = skrei::multi::decode_dag_cbor(bytes)) {
    SKREI_ASSERT(skrei::multi::encode_dag_cbor(*value) == skrei::to_bytes(bytes));
  }
  return 0;
}
