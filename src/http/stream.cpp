// SPDX-License-Identifier: Apache-2.0
#include "http/stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/assert.hpp"

namespace skrei::http {

namespace asio = boost::asio;

namespace {

constexpr auto kLongestTick = std::chrono::steady_clock::duration(std::chrono::seconds(1));
constexpr auto kShortestTick = std::chrono::steady_clock::duration(std::chrono::milliseconds(1));
constexpr std::size_t kPiecesMax = 8;

Error socket_error(int errno_value) {
  if (errno_value == ECANCELED) return {Code::Cancelled, "the operation was cancelled"};
  if (errno_value == EPIPE || errno_value == ECONNRESET) {
    return {Code::Unavailable, "the other side closed the connection"};
  }
  Error error = errno_error(errno_value, "connection");
  error.code = Code::Unavailable;
  return error;
}

}  // namespace

SteadyTime after(Duration limit) {
  const auto now = std::chrono::steady_clock::now();
  return limit < SteadyTime::max() - now ? now + limit : SteadyTime::max();
}

struct Watchdog::State : std::enable_shared_from_this<Watchdog::State> {
  explicit State(asio::io_context& context) : timer(context) {}

  asio::steady_timer timer;
  std::list<Stream*> streams;
  std::chrono::steady_clock::duration tick = kLongestTick;
  bool ticking = false;
  bool closed = false;

  void start() {
    if (ticking || closed) return;
    ticking = true;
    timer.expires_after(tick);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code&) {
      self->ticking = false;
      self->look();
      if (!self->streams.empty()) self->start();
    });
  }

  void look() {
    const auto now = std::chrono::steady_clock::now();
    for (Stream* stream : streams) {
      if (stream->deadline_ > now) continue;
      stream->deadline_ = SteadyTime::max();
      stream->expired_ = true;
      stream->cancel();
    }
  }
};

Watchdog::Watchdog(asio::io_context& context) : state_(std::make_shared<State>(context)) {}

Watchdog::~Watchdog() {
  state_->closed = true;
  state_->timer.cancel();
}

void Watchdog::expect(Duration limit) {
  const auto tick =
      std::clamp(std::chrono::steady_clock::duration(limit / 4), kShortestTick, kLongestTick);
  if (tick >= state_->tick) return;
  state_->tick = tick;
  state_->timer.cancel();  // Looks once, and goes on with the new tick.
}

Result<std::unique_ptr<Stream>> Stream::open(Watchdog& watchdog, asio::io_context& context,
                                             UniqueFd fd, int family) {
  Socket socket(context);
  boost::system::error_code error;
  const int protocol = family == AF_UNIX ? 0 : IPPROTO_TCP;
  socket.assign(asio::generic::stream_protocol(family, protocol), fd.get(), error);
  if (error) return fail(errno_error(error.value(), "connection"));
  fd.release();
  socket.non_blocking(true, error);
  if (error) return fail(errno_error(error.value(), "connection"));
  if (family != AF_UNIX) {
    // Best effort: the connection works without.
    const int on = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  }
  return std::make_unique<Stream>(watchdog, std::move(socket));
}

Stream::Stream(Watchdog& watchdog, Socket socket)
    : socket_(std::move(socket)), watchdog_(watchdog.state_) {
  auto& streams = watchdog.state_->streams;
  place_ = streams.insert(streams.end(), this);
  watchdog.state_->start();
}

Stream::~Stream() {
  static_cast<Watchdog::State*>(watchdog_.get())->streams.erase(place_);
}

void Stream::arm(SteadyTime deadline) {
  deadline_ = deadline;
  expired_ = false;
}

Result<void> Stream::outcome(const boost::system::error_code& error) {
  deadline_ = SteadyTime::max();
  if (!error) return {};
  if (expired_) return fail(Code::DeadlineExceeded, "the other side did not move in time");
  return fail(socket_error(error.value()));
}

async::Task<Result<std::size_t>> Stream::read_some(std::span<char> buffer, SteadyTime deadline) {
  arm(deadline);
  const auto [error, count] = co_await socket_.async_read_some(
      asio::buffer(buffer.data(), buffer.size()), asio::as_tuple(asio::use_awaitable));
  if (error == asio::error::eof) {
    deadline_ = SteadyTime::max();
    co_return std::size_t{0};
  }
  CO_TRY(outcome(error));
  co_return count;
}

async::Task<Result<void>> Stream::wait_writable(SteadyTime deadline) {
  arm(deadline);
  const auto [error] = co_await socket_.async_wait(asio::socket_base::wait_write,
                                                   asio::as_tuple(asio::use_awaitable));
  co_return outcome(error);
}

async::Task<Result<void>> Stream::write_all(std::span<ByteView> pieces, Duration idle) {
  SKREI_ASSERT(pieces.size() <= kPiecesMax);
  while (true) {
    std::array<iovec, kPiecesMax> vectors;
    msghdr message = {};
    message.msg_iov = vectors.data();
    for (const ByteView piece : pieces) {
      if (piece.empty()) continue;
      vectors[message.msg_iovlen++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
    }
    if (message.msg_iovlen == 0) co_return Result<void>();
    const ssize_t count = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) co_return fail(socket_error(errno));
      CO_TRY(co_await wait_writable(after(idle)));
      continue;
    }
    auto written = static_cast<std::size_t>(count);
    for (ByteView& piece : pieces) {
      const std::size_t part = std::min(written, piece.size());
      piece = piece.subspan(part);
      written -= part;
    }
  }
}

void Stream::cancel() {
  boost::system::error_code ignored;  // Nothing is under way on a closed socket.
  socket_.cancel(ignored);
}

void Stream::shutdown_write() {
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

void Stream::abort() {
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  boost::system::error_code ignored;
  socket_.close(ignored);
}

bool Stream::is_quiet() const {
  char byte = 0;
  const ssize_t count =
      ::recv(const_cast<Socket&>(socket_).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && errno == EAGAIN;
}

Stream::Socket Stream::take_socket() {
  return std::move(socket_);
}

std::string peer_name(const void* address, std::size_t size) {
  sockaddr_storage storage = {};
  std::memcpy(&storage, address, std::min(size, sizeof(storage)));
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &storage, sizeof(v4));
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &storage, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  return "unix";
}

}  // namespace skrei::http
