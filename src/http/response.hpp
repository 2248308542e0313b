// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "http/body.hpp"
#include "http/event_stream.hpp"
#include "http/headers.hpp"
#include "http/websocket.hpp"

namespace skrei::http {

/// Serves one websocket; its end closes the connection (see websocket.hpp).
using WebSocketHandler = std::move_only_function<async::Task<void>(WebSocket&)>;

/// Produces server-sent events; its end ends the stream (see event_stream.hpp).
using EventStreamWriter = std::move_only_function<async::Task<Result<void>>(EventStream&)>;

/// What a handler answers. Content-Length, Transfer-Encoding, Connection and Date belong to the
/// server; X-Request-Id is added.
struct Response {
  struct Stream {
    BodyWriter writer;
    std::optional<std::uint64_t> length;  ///< If known, the writer has to write exactly that.
  };

  int status = 200;
  Headers headers;
  std::variant<std::string, Stream, WebSocketHandler> body;

  static Response bytes(std::string body, std::string_view content_type, int status = 200);
  static Response json(std::string body, int status = 200);
  static Response text(std::string body, int status = 200);
  static Response stream(BodyWriter writer, std::string_view content_type,
                         std::optional<std::uint64_t> length = std::nullopt);
  static Response events(EventStreamWriter writer);
  /// Only for a request that asks for an upgrade (is_upgrade()); else the client gets 426.
  static Response websocket(WebSocketHandler handler);
};

std::string_view reason_phrase(int status);

}  // namespace skrei::http
