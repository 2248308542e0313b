// SPDX-License-Identifier: Apache-2.0
// What parses prints to something that parses to the same value.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/url.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using skrei::http::Query;
  using skrei::http::Url;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = Url::parse(text)) require(Url::parse(url->to_string()) == *url);
  if (const auto plain = skrei::http::percent_decode(text)) {
    require(skrei::http::percent_decode(skrei::http::percent_encode(*plain)) == *plain);
  }
  const Query query = Query::parse(text);
  require(Query::parse(query.to_string()) == query);
  static_cast<void>(skrei::http::HostPort::parse(text));
  return 0;
}
