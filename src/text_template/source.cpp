// SPDX-License-Identifier: Apache-2.0
#include "text_template/source.hpp"

#include <algorithm>

namespace skrei::text_template {

std::unexpected<Error> Source::fail(Code code, std::size_t at, std::string_view message) const {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t start =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  // Continuation bytes of UTF-8 are no characters of their own.
  const auto column = 1 + std::ranges::count_if(before.substr(start), [](char c) {
                        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
                      });
  return skrei::fail(code, "{}:{}:{}: {}", name, line, column, message);
}

}  // namespace skrei::text_template
