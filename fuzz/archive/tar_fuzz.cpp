// SPDX-License-Identifier: Apache-2.0
// Archives, plain and gzip, under a budget: no path leads out, no more bytes than allowed.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "archive/tar_reader.hpp"
#include "base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skrei;
  constexpr std::uint64_t kBytesMax = 1 << 20;
  ByteView rest(data, size);
  const auto source = [&rest](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
    const std::size_t count = std::min({rest.size(), buffer.size(), std::size_t{700}});
    std::copy_n(rest.begin(), count, buffer.begin());
    rest = rest.subspan(count);
    return count;
  };
  archive::TarReader reader(source, {.bytes = kBytesMax, .entries = 100, .depth = 8});
  std::uint64_t total = 0;
  while (true) {
    const auto entry = reader.next();
    if (!entry || !*entry) break;
    const std::string path = "/" + (*entry)->path + "/";
    SKREI_ASSERT(!path.contains("/../") && !path.contains("//") && !path.contains("/./"));
    std::array<std::uint8_t, 4096> buffer{};
    while (true) {
      const auto got = reader.read(buffer);
      if (!got || *got == 0) break;
      total += *got;
    }
    SKREI_ASSERT(total <= kBytesMax);
  }
  return 0;
}
