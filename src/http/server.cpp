// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "async/unix_socket.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "http/connection.hpp"

namespace skrei::http {

namespace asio = boost::asio;

namespace {

constexpr int kBacklog = 1024;
/// Connections beyond the limit that get a 503; further ones are closed without a word.
constexpr std::size_t kRefusalsMax = 64;
constexpr Duration kAcceptPause = std::chrono::milliseconds(50);

struct Listener {
  asio::posix::stream_descriptor descriptor;
  int family;
  std::filesystem::path unix_path = {};
};

Result<sockaddr_storage> parse_address(std::string_view host, std::uint16_t port) {
  const std::string text(host == "localhost" ? "127.0.0.1" : host);
  sockaddr_storage storage = {};
  sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    std::memcpy(&storage, &v4, sizeof(v4));
    return storage;
  }
  sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    std::memcpy(&storage, &v6, sizeof(v6));
    return storage;
  }
  return fail(Code::InvalidArgument,
              "cannot listen on \"{}\": give an IP address, for example 127.0.0.1", text);
}

Result<UniqueFd> listen_tcp(const sockaddr_storage& address) {
  UniqueFd fd(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const std::string name = peer_name(&address, sizeof(address));
  const auto length = static_cast<socklen_t>(address.ss_family == AF_INET ? sizeof(sockaddr_in)
                                                                          : sizeof(sockaddr_in6));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE) {
      return fail(Error{Code::FailedPrecondition,
                        fmt::format("cannot listen on {}: the port is in use", name),
                        "Stop the other program or choose another port."});
    }
    return fail_errno(fmt::format("cannot listen on {}", name));
  }
  return fd;
}

Result<std::uint16_t> bound_port(int fd) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return fail_errno("getsockname");
  }
  in_port_t port = 0;  // At the same place in both families.
  std::memcpy(&port, reinterpret_cast<const char*>(&address) + offsetof(sockaddr_in, sin_port),
              sizeof(port));
  return ntohs(port);
}

}  // namespace

struct Server::State {
  State(async::Loop& loop, ServerLimits limits, ServerHooks hooks)
      : context(loop, limits, std::move(hooks)), acceptors(loop), connections(loop) {}

  ServerContext context;
  std::list<Listener> listeners;
  async::TaskScope acceptors;
  async::TaskScope connections;

  Result<void> start(UniqueFd fd, int family, std::filesystem::path unix_path) {
    asio::posix::stream_descriptor descriptor(context.loop.context());
    boost::system::error_code error;
    descriptor.assign(fd.get(), error);
    if (error) return fail(errno_error(error.value(), "listen"));
    fd.release();
    Listener& listener =
        listeners.emplace_back(std::move(descriptor), family, std::move(unix_path));
    acceptors.spawn("http accept", accept_all(*this, listener));
    return {};
  }

  static async::Task<void> accept_all(State& state, Listener& listener) {
    while (true) {
      const auto [error] = co_await listener.descriptor.async_wait(
          asio::posix::descriptor_base::wait_read, asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      // A bounded number at a time, so that a flood of connections does not starve the rest.
      for (int i = 0; i < 64; ++i) {
        sockaddr_storage address = {};
        socklen_t length = sizeof(address);
        UniqueFd fd(::accept4(listener.descriptor.native_handle(),
                              reinterpret_cast<sockaddr*>(&address), &length,
                              SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd) {
          state.adopt(std::move(fd), listener.family, peer_name(&address, length));
          continue;
        }
        if (errno == EAGAIN) break;
        if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) continue;
        log::warn("cannot accept a connection; trying again", {{"what", std::strerror(errno)}});
        if (!co_await async::sleep_for(kAcceptPause)) co_return;
        break;
      }
    }
  }

  void adopt(UniqueFd fd, int family, std::string peer) {
    const std::size_t limit = context.limits.connections;
    const bool refuse = context.stats.connections >= limit;
    if (refuse) ++context.stats.refused_connections;
    if (context.stats.connections >= limit + kRefusalsMax) return;
    auto stream = Stream::open(context.watchdog, context.loop.context(), std::move(fd), family);
    if (!stream) {
      log::warn("cannot serve a connection", {{"what", stream.error().message}});
      return;
    }
    auto connection =
        std::make_unique<Connection>(context, *std::move(stream), std::move(peer),
                                     refuse ? Connection::Mode::Refuse : Connection::Mode::Serve);
    connections.spawn("http connection", serve(std::move(connection)));
  }

  static async::Task<void> serve(std::unique_ptr<Connection> connection) {
    co_await connection->run();
  }
};

Server::Server(async::Loop& loop, ServerLimits limits, ServerHooks hooks)
    : state_(std::make_unique<State>(loop, limits, std::move(hooks))) {}

Server::~Server() = default;

void Server::route(std::string_view method, std::string_view pattern, Handler handler,
                   RouteOptions options) {
  state_->context.router.add(method, pattern, std::move(handler), options);
}

std::vector<RouteName> Server::routes() const {
  return state_->context.router.names();
}

Result<std::uint16_t> Server::listen(std::string_view host, std::uint16_t port) {
  TRY_ASSIGN(const auto address, parse_address(host, port));
  TRY_ASSIGN(auto fd, listen_tcp(address));
  TRY_ASSIGN(const std::uint16_t bound, bound_port(fd.get()));
  TRY(state_->start(std::move(fd), address.ss_family, {}));
  return bound;
}

Result<void> Server::listen_unix(const std::filesystem::path& path) {
  TRY_ASSIGN(auto fd, async::listen_unix(path));
  return state_->start(std::move(fd), AF_UNIX, path);
}

async::Task<void> Server::stop(Duration grace) {
  ServerContext& context = state_->context;
  context.stopping = true;
  co_await state_->acceptors.stop();
  for (const Listener& listener : state_->listeners) {
    std::error_code ignored;  // Somebody else may have removed it.
    if (!listener.unix_path.empty()) std::filesystem::remove(listener.unix_path, ignored);
  }
  state_->listeners.clear();
  for (auto it = context.connections.begin(); it != context.connections.end();) {
    Connection* const connection = *it++;
    connection->begin_stop();
  }
  const SteadyTime deadline = after(grace);
  while (!context.connections.empty()) {
    const Duration left = deadline - std::chrono::steady_clock::now();
    if (left <= Duration::zero() || !co_await context.connection_ended.wait(left)) break;
  }
  co_await state_->connections.stop();
}

ServerStats Server::stats() const {
  return state_->context.stats;
}

}  // namespace skrei::http
