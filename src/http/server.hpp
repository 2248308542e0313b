// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/websocket.hpp"

namespace skrei::async {
class Loop;
}

namespace skrei::http {

struct ServerLimits {
  std::size_t header_bytes = 16 << 10;  ///< Request line and headers; beyond: 431.
  std::size_t header_count = 100;
  std::size_t body_bytes = 10 << 20;  ///< Unless the route says otherwise; beyond: 413.
  std::size_t connections = 4096;     ///< Beyond: 503, `Connection: close`, counted.
  Duration header_timeout = std::chrono::seconds(5);  ///< From the first byte to the whole header.
  Duration body_idle = std::chrono::seconds(20);      ///< Without a byte of the body: 408.
  Duration write_idle = std::chrono::seconds(20);     ///< Nothing taken: the client is cut off.
  Duration keep_alive = std::chrono::seconds(75);     ///< Between requests.
  WebSocketLimits websocket = {};
};

/// What a finished request is reported as.
struct RequestRecord {
  std::string_view route;  ///< The pattern, never the path; empty if none matched.
  std::string_view method;
  int status = 0;  ///< As sent; 499 if the client went away or was cut off before the end.
  Duration duration = {};
  std::uint64_t bytes_sent = 0;  ///< Of the body.
};

/// What the server itself has to answer with: 400, 404, 405, 413, 500… or a handler's Error.
struct ErrorContext {
  int status = 500;
  Error error;
  std::string_view request_id;
  std::string_view accept;  ///< The request's Accept header; empty if there is none.
};

/// All optional; called on the loop thread; must not throw.
struct ServerHooks {
  /// False refuses with 403. Gets the Host header ("localhost:1234"), and the listener's address.
  std::function<bool(std::string_view host, const Request& request)> allow_host;
  /// False refuses with 403. Called if there is an Origin header. Without it only same-origin
  /// requests pass: the Origin's authority has to equal Host.
  std::function<bool(std::string_view origin, const Request& request)> allow_origin;
  std::function<void(const RequestRecord&)> observe;
  /// The body of an error. Without it: text/plain, the message and the hint.
  std::function<Response(const ErrorContext&)> render_error;
  /// Added to every response that has none of the name.
  Headers headers = {};
};

/// A route as it was registered.
struct RouteName {
  std::string pattern;
  std::string method;

  auto operator<=>(const RouteName&) const = default;
  bool operator==(const RouteName&) const = default;
};

struct ServerStats {
  std::size_t connections = 0;            ///< Now.
  std::uint64_t requests = 0;             ///< Since start, as the rest.
  std::uint64_t refused_connections = 0;  ///< 503 for want of room.
  std::uint64_t slow_clients = 0;         ///< Cut off by a time-out.
};

/// An Error becomes a response with its code's status, through ServerHooks::render_error.
using Handler = std::function<async::Task<Result<Response>>(Request)>;

struct RouteOptions {
  std::optional<std::size_t> body_limit;  ///< Bytes; in place of ServerLimits::body_bytes.
};

/// An HTTP/1.1 server on one loop: TCP and Unix sockets, keep-alive, pipelining, streams,
/// websockets.
///
/// Life: route() and listen(), any number; `co_await stop(…)`; destroy. All on the loop thread. A
/// handler that throws gives 500 with the request id and a log line.
class Server {
 public:
  explicit Server(async::Loop& loop, ServerLimits limits = {}, ServerHooks hooks = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// `pattern`: "/jobs/:id/logs"; ":name" matches one segment, a last "*name" the rest, which may
  /// be empty. Literal segments win over ":name", that over "*name". GET answers HEAD too, and
  /// OPTIONS is answered with Allow. Two handlers for one method and pattern are a bug (asserted).
  void route(std::string_view method, std::string_view pattern, Handler handler,
             RouteOptions options = {});
  /// Sorted by pattern, then method: for what describes the routes or is tested against them.
  std::vector<RouteName> routes() const;

  /// `host` is an IP address or "localhost"; port 0 lets the kernel choose. Answers the port.
  Result<std::uint16_t> listen(std::string_view host, std::uint16_t port);
  /// Mode 0600; the socket file is removed by stop().
  Result<void> listen_unix(const std::filesystem::path& path);

  /// Stops accepting, closes idle connections and websockets (1001), lets busy requests finish for
  /// `grace`, cancels the rest, and returns when no task of the server runs.
  async::Task<void> stop(Duration grace);

  ServerStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::http
