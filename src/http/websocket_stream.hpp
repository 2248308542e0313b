// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/headers.hpp"
#include "http/response.hpp"
#include "http/stream.hpp"
#include "http/url.hpp"
#include "http/websocket.hpp"

namespace skrei::http {

/// Serves one accepted upgrade, from the 101 to the end of the closing handshake. Not cancellable
/// from outside but by `on_stop`: it is handed a function that cancels the handler and closes with
/// 1001, valid until the task ends. `received` is the upgrade request as it came, with whatever
/// followed it.
async::Task<void> serve_websocket(Stream::Socket socket, std::string received, Headers extra,
                                  WebSocketLimits limits, WebSocketHandler handler,
                                  std::function<void(std::function<void()>)> on_stop);

/// The client's handshake on a connected socket.
async::Task<Result<std::unique_ptr<WebSocket>>> open_websocket(Stream::Socket socket, Url url,
                                                               Headers headers,
                                                               WebSocketLimits limits);

}  // namespace skrei::http
