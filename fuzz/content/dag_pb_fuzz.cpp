// SPDX-License-Identifier: Apache-2.0
// dag-pb and the UnixFS message: what decodes comes back from its own encoding.

#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "content/dag_pb.hpp"
#include "content/unixfs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skrei::content;
  const skrei::ByteView bytes(data, size);
  if (const auto node = decode_dag_pb(bytes)) {
    SKREI_ASSERT(decode_dag_pb(encode_dag_pb(*node)) == *node);
  }
  if (const auto unixfs = decode_unixfs(bytes)) {
    SKREI_ASSERT(decode_unixfs(encode_unixfs(*unixfs)) == *unixfs);
  }
  return 0;
}
