// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>

#include <arpa/inet.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include "async/deadline.hpp"
#include "async/loop.hpp"
#include "async/unix_socket.hpp"
#include "base/fd.hpp"
#include "http/parser.hpp"
#include "http/stream.hpp"
#include "http/websocket_stream.hpp"

namespace skrei::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kReadBytes = 16 << 10;

struct PooledStream {
  std::unique_ptr<Stream> stream;
  SteadyTime expires;
};

/// Unused connections by origin. Shared by the client and its responses, which give theirs back.
struct Pool {
  explicit Pool(async::Loop& loop_ref, ClientLimits given)
      : loop(loop_ref), limits(given), watchdog(loop_ref.context()) {
    for (const Duration limit : {limits.connect, limits.first_byte, limits.idle})
      watchdog.expect(limit);
  }

  async::Loop& loop;
  ClientLimits limits;
  Watchdog watchdog;
  std::map<std::string, std::deque<PooledStream>> unused;

  /// A connection of the origin that still lives; null if there is none.
  std::unique_ptr<Stream> take(const std::string& origin) {
    const auto found = unused.find(origin);
    if (found == unused.end()) return nullptr;
    const auto now = std::chrono::steady_clock::now();
    std::unique_ptr<Stream> stream;
    while (!stream && !found->second.empty()) {
      PooledStream pooled = std::move(found->second.back());
      found->second.pop_back();
      if (pooled.expires > now && pooled.stream->is_quiet()) stream = std::move(pooled.stream);
    }
    if (found->second.empty()) unused.erase(found);
    return stream;
  }

  void give_back(const std::string& origin, std::unique_ptr<Stream> stream) {
    auto& streams = unused[origin];
    streams.push_back({std::move(stream), after(limits.pool_idle)});
    if (streams.size() > limits.pool_per_origin) streams.pop_front();
    if (streams.empty()) unused.erase(origin);
  }
};

std::string origin_of(const Url& url) {
  return url.is_unix() ? url.host : fmt::format("{}|{}", url.host, url.port);
}

using Endpoint = asio::ip::tcp::endpoint;

async::Task<Result<std::vector<Endpoint>>> resolve(std::string host, std::uint16_t port) {
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(host, error);
  if (!error) co_return std::vector<Endpoint>{{literal, port}};
  if (host == "localhost") {
    co_return std::vector<Endpoint>{{asio::ip::address_v4::loopback(), port},
                                    {asio::ip::address_v6::loopback(), port}};
  }
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  const auto [failed, results] = co_await resolver.async_resolve(
      host, std::to_string(port), asio::as_tuple(asio::use_awaitable));
  if (failed) co_return fail(Code::Unavailable, "{}: {}", host, failed.message());
  std::vector<Endpoint> endpoints;
  for (const auto& result : results)
    endpoints.push_back(result.endpoint());
  co_return endpoints;
}

async::Task<Result<std::unique_ptr<Stream>>> connect_tcp(Pool& pool, Endpoint endpoint,
                                                         SteadyTime deadline) {
  const int family = endpoint.address().is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) co_return fail_errno("socket");
  const int connected =
      ::connect(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  int reason = connected == 0 ? 0 : errno;
  const std::string peer = peer_name(endpoint.data(), endpoint.size());
  CO_TRY_ASSIGN(auto stream,
                Stream::open(pool.watchdog, pool.loop.context(), std::move(fd), family));
  if (reason == EINPROGRESS) {
    auto writable = co_await stream->wait_writable(deadline);
    if (!writable && writable.error().code == Code::DeadlineExceeded) {
      co_return fail(Code::DeadlineExceeded, "{} did not answer in time", peer);
    }
    CO_TRY(std::move(writable));
    socklen_t length = sizeof(reason);
    ::getsockopt(stream->socket().native_handle(), SOL_SOCKET, SO_ERROR, &reason, &length);
  }
  if (reason != 0) {
    Error error = errno_error(reason, fmt::format("cannot connect to {}", peer));
    error.code = Code::Unavailable;
    co_return fail(std::move(error));
  }
  co_return stream;
}

async::Task<Result<std::unique_ptr<Stream>>> connect(Pool& pool, Url url) {
  if (url.is_unix()) {
    CO_TRY_ASSIGN(auto fd, async::connect_unix(url.host));
    co_return Stream::open(pool.watchdog, pool.loop.context(), std::move(fd), AF_UNIX);
  }
  const SteadyTime deadline = after(pool.limits.connect);
  CO_TRY_ASSIGN(const auto endpoints,
                co_await async::with_deadline(resolve(url.host, url.port), pool.limits.connect,
                                              "looking up " + url.host));
  Result<std::unique_ptr<Stream>> result =
      fail(Code::Unavailable, "{}: the name has no address", url.host);
  for (const Endpoint& endpoint : endpoints) {
    result = co_await connect_tcp(pool, endpoint, deadline);
    if (result || result.error().code == Code::Cancelled) break;
  }
  co_return result;
}

Result<void> check_callable(const Url& url) {
  if (url.scheme == "https" || url.scheme == "wss") {
    return fail(Error{Code::InvalidArgument,
                      fmt::format("{}: TLS is not supported", url.to_string()),
                      "Use an http address, or put a TLS proxy on this machine in front."});
  }
  return {};
}

class UploadSink final : public BodySink {
 public:
  UploadSink(Stream& stream, std::string& head, std::optional<std::uint64_t> length, Duration idle)
      : stream_(stream), head_(head), length_(length), idle_(idle) {}

  async::Task<Result<void>> write(ByteView bytes) override {
    if (bytes.empty()) co_return Result<void>();
    sent_ += bytes.size();
    if (length_ && sent_ > *length_) {
      co_return fail(Code::InvalidArgument, "the upload is longer than its announced {} bytes",
                     *length_);
    }
    const std::string chunk = length_ ? "" : fmt::format("{:x}\r\n", bytes.size());
    const std::string head = std::exchange(head_, {});
    std::array pieces = {as_bytes(head), as_bytes(chunk), bytes, as_bytes(length_ ? "" : "\r\n")};
    co_return co_await send(pieces);
  }

  async::Task<Result<void>> finish() {
    if (length_ && sent_ != *length_) {
      co_return fail(Code::InvalidArgument, "the upload ended after {} of {} bytes", sent_,
                     *length_);
    }
    const std::string head = std::exchange(head_, {});
    std::array pieces = {as_bytes(head), as_bytes(length_ ? "" : "0\r\n\r\n")};
    co_return co_await send(pieces);
  }

  bool connection_failed() const { return connection_failed_; }

 private:
  async::Task<Result<void>> send(std::span<ByteView> pieces) {
    auto result = co_await stream_.write_all(pieces, idle_);
    if (!result) connection_failed_ = true;
    co_return result;
  }

  Stream& stream_;
  std::string& head_;
  std::optional<std::uint64_t> length_;
  Duration idle_;
  std::uint64_t sent_ = 0;
  bool connection_failed_ = false;
};

Result<std::string> request_head(const ClientRequest& request) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method,
                                 request.url.target(), request.url.authority());
  for (const auto& [name, value] : request.headers) {
    if (!is_valid_header_value(value) || name.empty() ||
        name.find_first_of(" :\r\n\t") != std::string::npos) {
      return fail(Code::InvalidArgument, "header \"{}\" holds a line break or a bad name", name);
    }
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (const auto* upload = std::get_if<ClientRequest::Upload>(&request.body)) {
    head += upload->length ? fmt::format("Content-Length: {}\r\n\r\n", *upload->length)
                           : "Transfer-Encoding: chunked\r\n\r\n";
    return head;
  }
  const std::string& bytes = std::get<std::string>(request.body);
  const bool announces = !bytes.empty() || request.method == "POST" || request.method == "PUT";
  if (announces) head += fmt::format("Content-Length: {}\r\n", bytes.size());
  return head + "\r\n";
}

}  // namespace

/// One exchange on one connection; afterwards the body that is read from it.
struct ClientResponse::State final : BodySource {
  State(std::shared_ptr<Pool> pool_ref, std::string origin_name, std::unique_ptr<Stream> connection)
      : pool(std::move(pool_ref)), origin(std::move(origin_name)), stream(std::move(connection)) {}

  std::shared_ptr<Pool> pool;
  std::string origin;
  std::unique_ptr<Stream> stream;  // Null once the connection went back.
  std::unique_ptr<MessageParser> parser;
  MessageHead head;
  std::string in;
  std::size_t in_begin = 0;
  std::optional<Error> error;
  bool got_bytes = false;
  bool request_whole = true;
  bool ended = false;

  std::string_view input() const { return std::string_view(in).substr(in_begin); }

  /// False at the end of the stream.
  async::Task<Result<bool>> fill(SteadyTime deadline) {
    in.erase(0, in_begin);
    in_begin = 0;
    const std::size_t before = in.size();
    in.resize(before + kReadBytes);
    auto count = co_await stream->read_some({in.data() + before, kReadBytes}, deadline);
    in.resize(before + count.value_or(0));
    if (!count) co_return fail(std::move(count.error()));
    got_bytes = got_bytes || *count > 0;
    co_return *count > 0;
  }

  async::Task<Result<void>> read_head(MessageParser::Body body, SteadyTime deadline) {
    const ParserLimits limits{.header_bytes = pool->limits.header_bytes, .header_count = 1000};
    while (true) {
      parser = std::make_unique<MessageParser>(MessageParser::Kind::Response, limits, body);
      while (!parser->head_done()) {
        if (!input().empty()) {
          const auto progress = parser->read_head(input());
          if (!progress) co_return fail(progress.error().error);
          in_begin += progress->consumed;
          if (!progress->need_more) break;
        }
        CO_TRY_ASSIGN(const bool more, co_await fill(deadline));
        if (!more) co_return fail(Code::Unavailable, "the server closed without an answer");
      }
      head = std::move(parser->head());
      // Informational answers come before the real one; none of them is asked for but 100.
      if (head.status >= 200 || head.status == 101) break;
    }
    release_if_done();
    co_return Result<void>();
  }

  async::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer) override {
    if (error) co_return fail(*error);
    auto result = co_await read(buffer);
    if (!result) {
      error = result.error();
      stream.reset();
    }
    co_return result;
  }

  async::Task<Result<std::size_t>> read(std::span<std::uint8_t> buffer) {
    while (!ended && !parser->done()) {
      const auto progress = parser->read_body(input(), buffer);
      if (!progress) co_return fail(progress.error().error);
      in_begin += progress->consumed;
      release_if_done();
      if (progress->body_bytes > 0 || !progress->need_more) co_return progress->body_bytes;
      CO_TRY_ASSIGN(const bool more, co_await fill(after(pool->limits.idle)));
      if (more) continue;
      if (const auto broken = parser->end_of_stream()) co_return fail(broken->error);
      ended = true;
    }
    co_return std::size_t{0};
  }

  std::optional<std::uint64_t> length() const override {
    return parser->done() && !stream ? std::optional<std::uint64_t>() : parser->content_length();
  }

  void release_if_done() {
    if (!stream || !parser->done()) return;
    const bool reusable = parser->keep_alive() && input().empty() && request_whole;
    if (reusable) {
      pool->give_back(origin, std::move(stream));
    }
    stream.reset();
  }
};

ClientResponse::ClientResponse(std::unique_ptr<State> state) : state_(std::move(state)) {}
ClientResponse::~ClientResponse() = default;
ClientResponse::ClientResponse(ClientResponse&&) noexcept = default;
ClientResponse& ClientResponse::operator=(ClientResponse&&) noexcept = default;

int ClientResponse::status() const {
  return state_->head.status;
}
const Headers& ClientResponse::headers() const {
  return state_->head.headers;
}
BodySource& ClientResponse::body() {
  return *state_;
}
async::Task<Result<std::string>> ClientResponse::read_body(std::size_t limit) {
  co_return co_await read_all(*state_, limit);
}

struct Client::State {
  State(async::Loop& loop, ClientLimits limits) : pool(std::make_shared<Pool>(loop, limits)) {}

  std::shared_ptr<Pool> pool;  // Shared with the responses that are still read.

  /// Writes the request. An error that came from the connection is left to read_head: the server
  /// may have answered before it read everything.
  static async::Task<Result<void>> write(ClientResponse::State& exchange, ClientRequest& request,
                                         std::string head) {
    const Duration idle = exchange.pool->limits.idle;
    if (auto* upload = std::get_if<ClientRequest::Upload>(&request.body)) {
      UploadSink sink(*exchange.stream, head, upload->length, idle);
      auto result = co_await upload->writer(sink);
      if (result) result = co_await sink.finish();
      if (result) co_return result;
      exchange.request_whole = false;
      if (sink.connection_failed() && result.error().code == Code::Unavailable) {
        co_return Result<void>();
      }
      co_return result;
    }
    std::array pieces = {as_bytes(head), as_bytes(std::get<std::string>(request.body))};
    auto result = co_await exchange.stream->write_all(pieces, idle);
    if (result) co_return result;
    exchange.request_whole = false;
    if (result.error().code == Code::Unavailable) co_return Result<void>();
    co_return result;
  }
};

Client::Client(async::Loop& loop, ClientLimits limits)
    : state_(std::make_unique<State>(loop, limits)) {}
Client::~Client() = default;

async::Task<Result<ClientResponse>> Client::send(ClientRequest request) {
  CO_TRY(check_callable(request.url));
  CO_TRY_ASSIGN(const std::string head, request_head(request));
  const std::shared_ptr<Pool> pool = state_->pool;
  const std::string origin = origin_of(request.url);
  const bool safe = request.method == "GET" || request.method == "HEAD";
  const auto body = request.method == "HEAD" ? MessageParser::Body::HeadResponse
                                             : MessageParser::Body::AsAnnounced;
  for (bool repeated = false;; repeated = true) {
    // A repeated request gets a connection of its own.
    auto stream = repeated ? nullptr : pool->take(origin);
    const bool reused = stream != nullptr;
    if (!reused) {
      CO_TRY_ASSIGN(stream, co_await connect(*pool, request.url));
    }
    auto exchange = std::make_unique<ClientResponse::State>(pool, origin, std::move(stream));
    CO_TRY(with_context(co_await State::write(*exchange, request, head), request.url.to_string()));
    const Duration first_byte = request.first_byte.value_or(pool->limits.first_byte);
    pool->watchdog.expect(first_byte);
    auto answered = co_await exchange->read_head(body, after(first_byte));
    if (answered) co_return ClientResponse(std::move(exchange));
    // The server closed the idle connection just as we took it.
    const bool stale = reused && !exchange->got_bytes && answered.error().code == Code::Unavailable;
    if (stale && safe && std::holds_alternative<std::string>(request.body)) continue;
    CO_TRY(with_context(std::move(answered), request.url.to_string()));
  }
}

async::Task<Result<std::unique_ptr<WebSocket>>> Client::open_websocket(Url url, Headers headers) {
  CO_TRY(check_callable(url));
  const std::shared_ptr<Pool> pool = state_->pool;
  CO_TRY_ASSIGN(auto stream, co_await connect(*pool, url));
  auto socket = stream->take_socket();
  stream.reset();
  co_return co_await http::open_websocket(std::move(socket), std::move(url), std::move(headers),
                                          pool->limits.websocket);
}

}  // namespace skrei::http
