// SPDX-License-Identifier: Apache-2.0
#include "jobstore/query.hpp"

#include <charconv>
#include <string_view>

#include "base/bytes.hpp"

namespace skrei::jobstore {
namespace {

std::unexpected<Error> not_a_token(std::string_view text) {
  return fail(Code::InvalidArgument,
              "next_token {:?} is not one that this API gave; start again without it", text);
}

}  // namespace

// "<c|m><a|d><nanoseconds>:<id>", for example "cd1760000000000000000:j-…".
std::string PageToken::to_string() const {
  return to_base64url(
      as_bytes(fmt::format("{}{}{}:{}", order_by == OrderBy::CreateTime ? 'c' : 'm',
                           direction == Direction::Ascending ? 'a' : 'd', key.time_ns, key.id)));
}

Result<PageToken> PageToken::parse(std::string_view text) {
  const Result<Bytes> bytes = from_base64url(text);
  if (!bytes) return not_a_token(text);
  const std::string_view plain = as_chars(*bytes);
  const std::size_t colon = plain.find(':');
  if (plain.size() < 3 || colon == std::string_view::npos) return not_a_token(text);

  PageToken token;
  if (plain[0] != 'c' && plain[0] != 'm') return not_a_token(text);
  if (plain[1] != 'a' && plain[1] != 'd') return not_a_token(text);
  token.order_by = plain[0] == 'c' ? OrderBy::CreateTime : OrderBy::ModifyTime;
  token.direction = plain[1] == 'a' ? Direction::Ascending : Direction::Descending;
  const std::string_view number = plain.substr(2, colon - 2);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), token.key.time_ns);
  if (error != std::errc() || end != number.data() + number.size()) return not_a_token(text);
  token.key.id = plain.substr(colon + 1);
  if (token.key.id.empty() || token.to_string() != text) return not_a_token(text);
  return token;
}

}  // namespace skrei::jobstore
