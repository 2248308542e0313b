// SPDX-License-Identifier: Apache-2.0
// Bytes from the network on the server's way: heads and bodies of pipelined requests, routing.
// The first byte says in which steps the rest arrives. Checked besides: nothing is consumed twice,
// the parser always moves on, and what comes out is no longer than what went in.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/parser.hpp"
#include "http/router.hpp"

namespace {

using skrei::http::MessageParser;

void require(bool condition) {
  if (!condition) std::abort();
}

const skrei::http::Router& router() {
  static const auto* const routes = [] {
    auto* made = new skrei::http::Router;
    const auto handler =
        [](skrei::http::Request) -> skrei::async::Task<skrei::Result<skrei::http::Response>> {
      co_return skrei::http::Response{};
    };
    for (const auto* pattern : {"/", "/a/:id", "/a/:id/logs", "/a/b", "/files/*rest"})
      made->add("GET", pattern, handler, {});
    return made;
  }();
  return *routes;
}

void route(const skrei::http::MessageHead& head) {
  const std::string_view target = head.target;
  const auto path = target.substr(0, target.find('?'));
  static_cast<void>(skrei::http::percent_decode(path));
  static_cast<void>(router().find(head.method, path));
  if (path.size() < target.size()) skrei::http::Query::parse(target.substr(path.size() + 1));
}

/// One message off the front of `input`; false when the connection would end.
bool take_message(std::string_view& input, std::size_t step) {
  MessageParser parser(MessageParser::Kind::Request, {.header_bytes = 4096, .header_count = 20});
  std::size_t arrived = std::min(step, input.size());
  while (!parser.head_done()) {
    const auto progress = parser.read_head(input.substr(0, arrived));
    if (!progress) return false;
    require(progress->consumed <= arrived);
    input.remove_prefix(progress->consumed);
    arrived -= progress->consumed;
    if (!progress->need_more) break;
    if (arrived == input.size()) return false;
    arrived = std::min(arrived + step, input.size());
  }
  route(parser.head());
  std::uint8_t buffer[64];
  while (!parser.done()) {
    const auto progress = parser.read_body(input.substr(0, arrived), buffer);
    if (!progress) return false;
    require(progress->body_bytes <= progress->consumed);
    require(progress->consumed > 0 || progress->need_more);
    input.remove_prefix(progress->consumed);
    arrived -= progress->consumed;
    if (!progress->need_more) continue;
    if (arrived == input.size()) return false;
    arrived = std::min(arrived + step, input.size());
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 1 << 16) return 0;
  const std::size_t step = data[0] == 0 ? size : data[0];
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!input.empty() && take_message(input, step)) {
  }
  return 0;
}
