// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <exception>

#include <boost/system/system_error.hpp>

#include "base/log.hpp"
#include "base/random.hpp"
#include "http/websocket_stream.hpp"

namespace skrei::http {
namespace {

constexpr std::size_t kReadBytes = 4 << 10;
/// What is left of a request body after the answer is read away up to here; a longer rest costs
/// the connection.
constexpr std::size_t kDrainBytesMax = 64 << 10;
/// For the last bytes of a client that was refused: without reading them, closing would reset the
/// connection and could take the answer with it.
constexpr std::size_t kLingerBytesMax = 1 << 20;
constexpr Duration kLingerTime = std::chrono::seconds(1);
constexpr std::size_t kRequestIdBytesMax = 128;

constexpr int kClientGone = 499;

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

bool is_upgrade(const MessageHead& head) {
  return head.method == "GET" && head.headers.has_token("Upgrade", "websocket") &&
         head.headers.has_token("Connection", "upgrade");
}

/// Path and query of a request target in origin or absolute form; nothing for other forms.
std::optional<std::string_view> origin_form(std::string_view target) {
  if (target.starts_with('/') || target == "*") return target;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

/// The upgrade request in wire form again, for the websocket library.
std::string to_wire(const MessageHead& head) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", head.method, head.target);
  for (const auto& [name, value] : head.headers)
    text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n";
}

}  // namespace

ServerContext::ServerContext(async::Loop& loop_ref, ServerLimits given_limits,
                             ServerHooks given_hooks)
    : loop(loop_ref),
      limits(given_limits),
      hooks(std::move(given_hooks)),
      watchdog(loop_ref.context()) {
  SystemRandom random;
  run_ = fmt::format("{:012x}", random.next_u64() & 0xffff'ffff'ffff);
  for (const Duration limit :
       {limits.header_timeout, limits.body_idle, limits.write_idle, limits.keep_alive}) {
    watchdog.expect(limit);
  }
}

std::string ServerContext::next_request_id() {
  return fmt::format("{}-{:x}", run_, ++requests_);
}

const std::string& ServerContext::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm utc = {};
    ::gmtime_r(&now, &utc);
    constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    date_ =
        fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[utc.tm_wday], utc.tm_mday,
                    kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  return date_;
}

/// One request on its way: what its answer and its record need after the handler took the request.
struct Connection::Exchange {
  SteadyTime started = std::chrono::steady_clock::now();
  std::string id;
  std::string method;
  std::string accept;
  const Route* route = nullptr;
  std::string allow;  // Methods for the Allow header of 405 and of OPTIONS.
  bool http_10 = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool upgrade = false;
  std::string upgrade_request;
  int status = 0;
  bool head_sent = false;
  std::uint64_t bytes_sent = 0;

  bool is_head() const { return method == "HEAD"; }
};

/// The body of the request at hand, decoded from the connection as it is asked for.
class Connection::Body final : public BodySource {
 public:
  Body(Connection& connection, std::size_t limit, bool expects_continue)
      : connection_(connection), limit_(limit), awaits_continue_(expects_continue) {}

  async::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer) override {
    if (error_) co_return fail(*error_);
    auto result = co_await read(buffer);
    if (!result) error_ = result.error();
    co_return result;
  }

  std::optional<std::uint64_t> length() const override {
    if (connection_.parser_->done() && received_ == 0) return 0;
    return connection_.parser_->content_length();
  }

  bool done() const { return connection_.parser_->done(); }
  /// Whether the rest is likely short enough to be read away.
  bool can_finish() const {
    return done() ||
           (!error_ && !status_ && !awaits_continue_ && length().value_or(0) <= kDrainBytesMax);
  }
  /// The status for a request whose body could not be read; nothing if that is not the reason.
  std::optional<int> status() const { return status_; }

  std::unexpected<Error> too_long() {
    return refuse(413,
                  {Code::ResourceExhausted,
                   fmt::format("the request's body is longer than the limit of {} bytes", limit_)});
  }

 private:
  async::Task<Result<std::size_t>> read(std::span<std::uint8_t> buffer) {
    CO_TRY(co_await send_continue());
    while (!done()) {
      const std::string_view input(connection_.in_.data() + connection_.in_begin_,
                                   connection_.in_end_ - connection_.in_begin_);
      const auto progress = connection_.parser_->read_body(input, buffer);
      if (!progress) co_return refuse(progress.error().status, progress.error().error);
      connection_.in_begin_ += progress->consumed;
      received_ += progress->body_bytes;
      if (received_ > limit_) co_return too_long();
      if (progress->body_bytes > 0 || !progress->need_more) co_return progress->body_bytes;
      if (!co_await connection_.fill(after(connection_.context_.limits.body_idle))) {
        if (connection_.in_ended_) {
          co_return refuse(400, {Code::Unavailable, "the client broke off within the body"});
        }
        ++connection_.context_.stats.slow_clients;
        co_return refuse(408, {Code::DeadlineExceeded, "the request's body did not come in time"});
      }
    }
    co_return std::size_t{0};
  }

  async::Task<Result<void>> send_continue() {
    if (!std::exchange(awaits_continue_, false)) co_return Result<void>();
    std::array pieces = {as_bytes("HTTP/1.1 100 Continue\r\n\r\n")};
    co_return co_await connection_.stream_->write_all(pieces,
                                                      connection_.context_.limits.write_idle);
  }

  std::unexpected<Error> refuse(int status, Error error) {
    status_ = status;
    return fail(std::move(error));
  }

  Connection& connection_;
  std::size_t limit_;
  std::uint64_t received_ = 0;
  bool awaits_continue_;
  std::optional<Error> error_;
  std::optional<int> status_;
};

/// A streamed response: the head goes with the first piece; framing by length, chunks, or the end
/// of the connection (HTTP/1.0).
class Connection::Sink final : public BodySink {
 public:
  Sink(Connection& connection, Exchange& exchange, std::optional<std::uint64_t> length)
      : connection_(connection), exchange_(exchange), length_(length) {}

  async::Task<Result<void>> write(ByteView bytes) override {
    if (bytes.empty()) co_return Result<void>();
    if (length_ && exchange_.bytes_sent + bytes.size() > *length_) {
      co_return fail(Code::Internal, "the response is longer than its announced {} bytes",
                     *length_);
    }
    const std::string chunk = is_chunked() ? fmt::format("{:x}\r\n", bytes.size()) : "";
    std::array pieces = {take_head(), as_bytes(chunk), bytes, as_bytes(is_chunked() ? "\r\n" : "")};
    auto sent =
        co_await connection_.stream_->write_all(pieces, connection_.context_.limits.write_idle);
    if (sent) exchange_.bytes_sent += bytes.size();
    if (!sent && sent.error().code == Code::DeadlineExceeded) {
      ++connection_.context_.stats.slow_clients;
    }
    co_return sent;
  }

  async::Task<Result<void>> finish() {
    if (length_ && exchange_.bytes_sent != *length_) {
      co_return fail(Code::Internal, "the response ended after {} of {} bytes",
                     exchange_.bytes_sent, *length_);
    }
    std::array pieces = {take_head(), as_bytes(is_chunked() ? "0\r\n\r\n" : "")};
    co_return co_await connection_.stream_->write_all(pieces,
                                                      connection_.context_.limits.write_idle);
  }

 private:
  bool is_chunked() const { return !length_ && !exchange_.http_10; }
  ByteView take_head() {
    return std::exchange(exchange_.head_sent, true) ? ByteView() : as_bytes(connection_.out_);
  }

  Connection& connection_;
  Exchange& exchange_;
  std::optional<std::uint64_t> length_;
};

Connection::Connection(ServerContext& context, std::unique_ptr<Stream> stream, std::string peer,
                       Mode mode)
    : context_(context), stream_(std::move(stream)), peer_(std::move(peer)), mode_(mode) {
  place_ = context_.connections.insert(context_.connections.end(), this);
  ++context_.stats.connections;
}

Connection::~Connection() {
  context_.connections.erase(place_);
  --context_.stats.connections;
  context_.connection_ended.notify_all();
}

async::Task<void> Connection::run() {
  while (co_await read_head() == Head::Complete) {
    if (!co_await serve_request()) break;
  }
}

void Connection::begin_stop() {
  if (idle_) stream_->cancel();
  if (stop_websocket_) stop_websocket_();
}

/// More input behind what is there. False at the end of the stream (in_ended_), on an error, or
/// when the deadline has passed.
async::Task<bool> Connection::fill(SteadyTime deadline) {
  if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
  if (in_begin_ > 0 && in_end_ == in_.size()) {
    in_.erase(0, in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  if (in_end_ + kReadBytes / 2 > in_.size()) in_.resize(std::max(kReadBytes, in_.size() * 2));
  const auto count =
      co_await stream_->read_some({in_.data() + in_end_, in_.size() - in_end_}, deadline);
  if (!count || *count == 0) {
    in_ended_ = count.has_value() || count.error().code != Code::DeadlineExceeded;
    co_return false;
  }
  in_end_ += *count;
  co_return true;
}

async::Task<Connection::Head> Connection::read_head() {
  const bool first = parser_ == nullptr;
  const ServerLimits& limits = context_.limits;
  parser_ = std::make_unique<MessageParser>(
      MessageParser::Kind::Request,
      ParserLimits{.header_bytes = limits.header_bytes, .header_count = limits.header_count});
  bool started = in_begin_ < in_end_;
  SteadyTime deadline = after(started || first ? limits.header_timeout : limits.keep_alive);
  while (true) {
    if (started) {
      const auto progress = parser_->read_head({in_.data() + in_begin_, in_end_ - in_begin_});
      if (!progress) {
        co_await answer_bad_head(progress.error());
        co_return Head::Closed;
      }
      in_begin_ += progress->consumed;
      if (!progress->need_more) co_return Head::Complete;
    } else if (context_.stopping) {
      co_return Head::Closed;
    }
    idle_ = !started;
    const bool more = co_await fill(deadline);
    idle_ = false;
    if (more) {
      if (!started && !first) deadline = after(limits.header_timeout);
      started = true;
      continue;
    }
    if (started && !in_ended_) {
      ++context_.stats.slow_clients;
      co_await answer_bad_head(
          {408, {Code::DeadlineExceeded, "the request's header did not come in time"}});
    }
    co_return Head::Closed;
  }
}

/// What could not be parsed has no reliable end: answer and close.
async::Task<void> Connection::answer_bad_head(ParseError refused) {
  Exchange exchange;
  exchange.id = context_.next_request_id();
  const int status = refused.status;
  Response response = error_response(status, std::move(refused.error), exchange);
  if (co_await respond(std::move(response), exchange)) co_await linger();
  record(exchange);
}

async::Task<bool> Connection::serve_request() {
  ++context_.stats.requests;
  Exchange exchange = begin_exchange();
  Request request = take_request(exchange);
  auto checked = check(request, exchange);
  const std::size_t limit = exchange.route != nullptr && exchange.route->options.body_limit
                                ? *exchange.route->options.body_limit
                                : context_.limits.body_bytes;
  body_ = std::make_unique<Body>(*this, limit, exchange.expects_continue);
  Result<Response> result = Response{};
  if (!checked) {
    result = fail(std::move(checked.error()));
  } else if (*checked) {
    result = *std::move(*checked);
  } else if (parser_->content_length().value_or(0) > limit) {
    result = body_->too_long();
  } else {
    request.body = body_.get();
    result = co_await call_handler(std::move(request), exchange);
  }
  if (!result) {
    const int status = body_->status().value_or(http_status(result.error().code));
    result = error_response(status, std::move(result.error()), exchange);
  }
  if (auto* handler = std::get_if<WebSocketHandler>(&result->body)) {
    if (exchange.upgrade) {
      co_await respond_websocket(std::move(*handler), exchange);
      co_return false;
    }
    result = error_response(
        426, {Code::FailedPrecondition, "this resource is a websocket; ask for an upgrade"},
        exchange);
    result->headers.set("Upgrade", "websocket");
  }
  exchange.keep_alive = exchange.keep_alive && body_->can_finish() && !context_.stopping;
  const auto sent = co_await respond(*std::move(result), exchange);
  record(exchange);
  if (!sent) {
    stream_->abort();
    co_return false;
  }
  if (exchange.keep_alive && co_await finish_body()) co_return true;
  co_await linger();
  co_return false;
}

Connection::Exchange Connection::begin_exchange() {
  const MessageHead& head = parser_->head();
  Exchange exchange;
  const auto id = head.headers.get("X-Request-Id");
  const bool usable = id && !id->empty() && id->size() <= kRequestIdBytesMax;
  exchange.id = usable ? std::string(*id) : context_.next_request_id();
  exchange.method = head.method;
  exchange.accept = head.headers.get("Accept").value_or("");
  exchange.http_10 = head.version == 10;
  exchange.keep_alive = parser_->keep_alive();
  exchange.expects_continue =
      head.version == 11 && !parser_->done() && head.headers.has_token("Expect", "100-continue");
  exchange.upgrade = is_upgrade(head);
  if (exchange.upgrade) exchange.upgrade_request = to_wire(head);
  return exchange;
}

Request Connection::take_request(const Exchange& exchange) {
  MessageHead& head = parser_->head();
  Request request;
  request.method = exchange.method;
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  request.peer = peer_;
  request.id = exchange.id;
  return request;
}

/// Everything that is decided before the handler; no response stands for "call it".
Result<std::optional<Response>> Connection::check(Request& request, Exchange& exchange) {
  if (mode_ == Mode::Refuse) {
    exchange.keep_alive = false;
    Response busy = error_response(
        503, {Code::Unavailable, "too many connections are open; try again in a moment"}, exchange);
    busy.headers.set("Retry-After", "1");
    return busy;
  }
  const auto form = origin_form(request.target);
  if (!form) return fail(Code::InvalidArgument, "the request target is not a path");
  const std::string_view path = form->substr(0, form->find('?'));
  TRY_ASSIGN(request.path, percent_decode(path));
  if (path.size() < form->size()) request.query = Query::parse(form->substr(path.size() + 1));

  const std::string_view host = request.headers.get("Host").value_or("");
  if (context_.hooks.allow_host && !context_.hooks.allow_host(host, request)) {
    return fail(Code::PermissionDenied, "the host name \"{}\" is not one of this server's", host);
  }
  if (const auto origin = request.headers.get("Origin")) {
    const std::size_t scheme = origin->find("://");
    const bool same = scheme != std::string_view::npos && origin->substr(scheme + 3) == host;
    const bool allowed =
        context_.hooks.allow_origin ? context_.hooks.allow_origin(*origin, request) : same;
    if (!allowed) {
      return fail(Code::PermissionDenied, "requests from pages of {} are not allowed", *origin);
    }
  }
  TRY_ASSIGN(auto match, context_.router.find(request.method, path));
  if (!match.path_known) return fail(Code::NotFound, "{}: there is no such resource", request.path);
  if (match.route == nullptr) {
    exchange.allow = fmt::format("{}", fmt::join(match.allowed, ", "));
    if (request.method == "OPTIONS") return Response{.status = 204};
    return error_response(
        405,
        {Code::InvalidArgument, fmt::format("{} is not possible for {}; allowed: {}",
                                            request.method, request.path, exchange.allow)},
        exchange);
  }
  exchange.route = match.route;
  request.params = std::move(match.params);
  return std::nullopt;
}

async::Task<Result<Response>> Connection::call_handler(Request request, Exchange& exchange) {
  std::string what;
  try {
    co_return co_await exchange.route->handler(std::move(request));
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) throw;
    what = error.what();
  } catch (const std::exception& error) {
    what = error.what();
  }
  log::error("a request handler failed",
             {{"request", exchange.id}, {"route", exchange.route->pattern}, {"what", what}});
  co_return fail(Code::Internal, "an internal fault; the log tells more under request {}",
                 exchange.id);
}

Response Connection::error_response(int status, Error error, const Exchange& exchange) const {
  const ErrorContext context{.status = status,
                             .error = std::move(error),
                             .request_id = exchange.id,
                             .accept = exchange.accept};
  if (context_.hooks.render_error) {
    Response response = context_.hooks.render_error(context);
    response.status = status;
    return response;
  }
  std::string text = context.error.message + "\n";
  if (!context.error.hint.empty()) text += context.error.hint + "\n";
  return Response::text(std::move(text), status);
}

void Connection::write_head(const Response& response, std::optional<std::uint64_t> length,
                            const Exchange& exchange) {
  out_.clear();
  auto out = std::back_inserter(out_);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& [name, value] : response.headers) {
    // A value with a line break would be a header of the client's choosing.
    if (is_valid_header_value(value)) fmt::format_to(out, "{}: {}\r\n", name, value);
  }
  for (const auto& [name, value] : context_.hooks.headers) {
    if (!response.headers.contains(name)) fmt::format_to(out, "{}: {}\r\n", name, value);
  }
  if (!exchange.allow.empty()) fmt::format_to(out, "Allow: {}\r\n", exchange.allow);
  if (length) {
    if (!has_no_body(response.status)) fmt::format_to(out, "Content-Length: {}\r\n", *length);
  } else if (!exchange.http_10) {
    out_ += "Transfer-Encoding: chunked\r\n";
  }
  if (!exchange.keep_alive) {
    out_ += "Connection: close\r\n";
  } else if (exchange.http_10) {
    out_ += "Connection: keep-alive\r\n";
  }
  fmt::format_to(out, "Date: {}\r\nX-Request-Id: {}\r\n\r\n", context_.date(), exchange.id);
}

async::Task<Result<void>> Connection::respond(Response response, Exchange& exchange) {
  exchange.status = response.status;
  if (auto* stream = std::get_if<Response::Stream>(&response.body)) {
    if (exchange.http_10 && !stream->length) exchange.keep_alive = false;
    write_head(response, stream->length, exchange);
    if (!exchange.is_head() && !has_no_body(response.status)) {
      co_return co_await respond_stream(std::move(*stream), exchange);
    }
    std::array pieces = {as_bytes(out_)};
    co_return co_await stream_->write_all(pieces, context_.limits.write_idle);
  }
  const std::string& body = std::get<std::string>(response.body);
  write_head(response, body.size(), exchange);
  const bool with_body = !exchange.is_head() && !has_no_body(response.status);
  std::array pieces = {as_bytes(out_), with_body ? as_bytes(body) : ByteView()};
  const auto sent = co_await stream_->write_all(pieces, context_.limits.write_idle);
  if (sent && with_body) exchange.bytes_sent = body.size();
  if (!sent) {
    exchange.status = kClientGone;
    if (sent.error().code == Code::DeadlineExceeded) ++context_.stats.slow_clients;
  }
  co_return sent;
}

async::Task<Result<void>> Connection::respond_stream(Response::Stream stream, Exchange& exchange) {
  Sink sink(*this, exchange, stream.length);
  Result<void> result;
  std::string thrown;
  try {
    result = co_await stream.writer(sink);
    if (result) result = co_await sink.finish();
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) throw;
    thrown = error.what();
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  if (!thrown.empty()) result = fail(Code::Internal, "{}", thrown);
  if (!result) {
    const bool client_gone =
        result.error().code == Code::Unavailable || result.error().code == Code::DeadlineExceeded;
    if (!client_gone) {
      log::error("a streamed response broke off",
                 {{"request", exchange.id}, {"what", result.error().message}});
    }
    exchange.status = client_gone ? kClientGone : 500;
  }
  co_return result;
}

async::Task<void> Connection::respond_websocket(WebSocketHandler handler, Exchange& exchange) {
  exchange.status = 101;
  std::string received = exchange.upgrade_request + in_.substr(in_begin_, in_end_ - in_begin_);
  co_await serve_websocket(stream_->take_socket(), std::move(received),
                           Headers{{"X-Request-Id", exchange.id}}, context_.limits.websocket,
                           std::move(handler), [this](std::function<void()> stop) {
                             stop_websocket_ = std::move(stop);
                             if (context_.stopping && stop_websocket_) stop_websocket_();
                           });
  record(exchange);
}

/// Reads away what the handler left of the body, so that the next request can be found.
async::Task<bool> Connection::finish_body() {
  std::array<std::uint8_t, 4096> scratch;
  std::size_t total = 0;
  while (!body_->done()) {
    const auto count = co_await body_->read_some(scratch);
    if (!count) co_return false;
    total += *count;
    if (total > kDrainBytesMax) co_return false;
  }
  co_return true;
}

async::Task<void> Connection::linger() {
  stream_->shutdown_write();
  const SteadyTime deadline = after(kLingerTime);
  std::array<char, 4096> scratch;
  for (std::size_t total = 0; total < kLingerBytesMax && !in_ended_;) {
    const auto count = co_await stream_->read_some(scratch, deadline);
    if (!count || *count == 0) break;
    total += *count;
  }
}

void Connection::record(const Exchange& exchange) {
  if (!context_.hooks.observe) return;
  context_.hooks.observe(
      {.route = exchange.route != nullptr ? std::string_view(exchange.route->pattern) : "",
       .method = exchange.method,
       .status = exchange.status,
       .duration = std::chrono::steady_clock::now() - exchange.started,
       .bytes_sent = exchange.bytes_sent});
}

}  // namespace skrei::http
