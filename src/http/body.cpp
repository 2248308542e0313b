// SPDX-License-Identifier: Apache-2.0
#include "http/body.hpp"

#include <algorithm>

namespace skrei::http {

namespace {
constexpr std::size_t kPieceBytes = 64 << 10;
}

async::Task<Result<std::string>> read_all(BodySource& source, std::size_t limit) {
  const auto too_long = [&] {
    return fail(Code::ResourceExhausted, "the body is longer than the limit of {} bytes", limit);
  };
  if (source.length().value_or(0) > limit) co_return too_long();
  std::string text;
  std::size_t filled = 0;
  const std::size_t expected = static_cast<std::size_t>(source.length().value_or(0));
  while (true) {
    // Room grows with what has come, not with what was announced.
    const std::size_t piece =
        std::clamp<std::size_t>(expected > filled ? expected - filled : 0, 1024, kPieceBytes);
    text.resize(filled + piece);
    CO_TRY_ASSIGN(
        const std::size_t count,
        co_await source.read_some({reinterpret_cast<std::uint8_t*>(text.data()) + filled, piece}));
    filled += count;
    if (filled > limit) co_return too_long();
    if (count == 0) break;
  }
  text.resize(filled);
  co_return text;
}

}  // namespace skrei::http
