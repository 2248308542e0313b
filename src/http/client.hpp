// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "http/body.hpp"
#include "http/headers.hpp"
#include "http/url.hpp"
#include "http/websocket.hpp"

namespace skrei::async {
class Loop;
}

namespace skrei::http {

struct ClientLimits {
  Duration connect = std::chrono::seconds(5);
  Duration first_byte = std::chrono::seconds(60);  ///< From the request's last byte to the header.
  Duration idle = std::chrono::seconds(60);        ///< Without progress within a body.
  Duration pool_idle =
      std::chrono::seconds(30);     ///< An unused connection older than this is closed.
  std::size_t pool_per_origin = 8;  ///< Unused connections kept; further ones are closed.
  std::size_t header_bytes = 64 << 10;
  WebSocketLimits websocket = {};
};

struct ClientRequest {
  struct Upload {
    BodyWriter writer;
    std::optional<std::uint64_t> length;  ///< Without it the body is sent chunked.
  };

  std::string method = "GET";
  Url url;
  Headers headers = {};  ///< Host, Content-Length and Connection are added.
  std::variant<std::string, Upload> body = {};
  std::optional<Duration> first_byte = std::nullopt;  ///< In place of the client's (long polls).
};

/// The header is there; the body is read from the connection. Read to its end, the connection goes
/// back into the pool; dropped earlier, it is closed. Must not outlive the Client.
class ClientResponse {
 public:
  struct State;
  explicit ClientResponse(std::unique_ptr<State> state);
  ~ClientResponse();
  ClientResponse(ClientResponse&&) noexcept;
  ClientResponse& operator=(ClientResponse&&) noexcept;

  int status() const;
  const Headers& headers() const;
  BodySource& body();
  /// The whole body; ResourceExhausted beyond `limit` bytes.
  async::Task<Result<std::string>> read_body(std::size_t limit);

 private:
  std::unique_ptr<State> state_;
};

/// Calls HTTP/1.1 servers over TCP and Unix sockets, with a pool of connections per origin. No TLS:
/// an https URL is refused with a sentence. Redirects are not followed. On the loop thread only.
class Client {
 public:
  explicit Client(async::Loop& loop, ClientLimits limits = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any status is a success here. Unavailable if nobody answers, DeadlineExceeded by the limits,
  /// InvalidArgument for an answer that is not HTTP or a URL that cannot be called. A request
  /// without a side effect (GET, HEAD) is repeated once if a pooled connection turns out dead.
  async::Task<Result<ClientResponse>> send(ClientRequest request);

  /// `url` is http, ws or http+unix. FailedPrecondition if the server answers without an upgrade;
  /// the message holds its status.
  async::Task<Result<std::unique_ptr<WebSocket>>> open_websocket(Url url, Headers headers = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::http
