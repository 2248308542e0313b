// SPDX-License-Identifier: Apache-2.0
// What arrives on the supervisor's socket: frames, then messages. A message that decodes encodes to
// the same bytes.
#include <algorithm>
#include <cstdlib>

#include "executor/wasm/supervisor_protocol.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skrei;
  executor::wasm::FrameBuffer buffer;
  buffer.append({data, size});
  while (true) {
    const auto body = buffer.next();
    if (!body || !*body) return 0;
    const auto message = executor::wasm::decode(**body);
    if (!message) continue;
    const auto frame = executor::wasm::encode(*message);
    if (!frame || !std::ranges::equal(ByteView(*frame).subspan(4), **body)) std::abort();
  }
}
