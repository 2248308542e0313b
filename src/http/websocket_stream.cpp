// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_stream.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/system_error.hpp>

#include "async/channel.hpp"
#include "base/log.hpp"

namespace skrei::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = boost::beast::websocket;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

/// What the facade and the reading task share. The task ends soon after the socket is closed.
struct Shared {
  Shared(Stream::Socket socket, WebSocketLimits given, beast::role_type role)
      : limits(given),
        stream(std::move(socket)),
        write_timer(stream.get_executor()),
        inbox(given.inbox_messages),
        reads(role == beast::role_type::client) {
    using std::chrono::duration_cast;
    ws::stream_base::timeout timeout = ws::stream_base::timeout::suggested(role);
    timeout.handshake_timeout = duration_cast<std::chrono::milliseconds>(limits.close);
    timeout.idle_timeout = duration_cast<std::chrono::milliseconds>(limits.idle);
    timeout.keep_alive_pings = true;
    stream.set_option(timeout);
    stream.read_message_max(limits.message_bytes);
    stream.auto_fragment(false);
  }

  WebSocketLimits limits;
  ws::stream<Stream::Socket> stream;
  asio::steady_timer write_timer;
  async::Channel<WebSocket::Message> inbox;
  std::optional<WebSocket::Closed> closed;
  bool reads;  // A client, or a handler that has called receive().
  bool closing = false;
  std::function<void()> on_end;
  async::Event reader_ended{async::Event::Reset::Manual};

  void drop() {
    boost::system::error_code ignored;
    stream.next_layer().close(ignored);
  }

  void note_end(const boost::system::error_code& error) {
    if (closed) return;
    if (error == ws::error::closed) {
      const auto& reason = stream.reason();
      const auto code = reason.code == ws::close_code::none ? CloseCode::NoStatus
                                                            : static_cast<CloseCode>(reason.code);
      closed = {code, std::string(reason.reason.data(), reason.reason.size())};
    } else if (error == ws::error::message_too_big) {
      closed = {CloseCode::TooBig, "a message was too long"};
    } else {
      closed = {CloseCode::Abnormal, error.message()};
    }
  }
};

async::Task<void> read_messages(std::shared_ptr<Shared> connection) {
  beast::flat_buffer buffer;
  while (true) {
    const auto [error, count] = co_await connection->stream.async_read(buffer, kTuple);
    if (error) {
      connection->note_end(error);
      break;
    }
    const auto data = buffer.cdata();
    WebSocket::Message message{std::string(static_cast<const char*>(data.data()), data.size()),
                               connection->stream.got_text()};
    buffer.consume(buffer.size());
    if (connection->reads) {
      if (!co_await connection->inbox.send(std::move(message))) break;
    } else {
      // Nobody asks for messages: reading has to go on, or pings would not be answered.
      connection->inbox.send_dropping_oldest(std::move(message));
    }
  }
  connection->inbox.close();
  if (connection->on_end) connection->on_end();
  connection->reader_ended.set();
}

void start_reading(const std::shared_ptr<Shared>& connection) {
  asio::co_spawn(connection->stream.get_executor(), read_messages(connection),
                 [connection](const std::exception_ptr& error) {
                   // Only a bug or lack of memory gets here: reads report by value.
                   if (!error) return;
                   log::error("websocket reader ended by an exception");
                   connection->drop();
                   connection->inbox.close();
                   connection->reader_ended.set();
                 });
}

class BeastWebSocket final : public WebSocket {
 public:
  explicit BeastWebSocket(std::shared_ptr<Shared> connection)
      : connection_(std::move(connection)) {}
  ~BeastWebSocket() override {
    connection_->on_end = nullptr;
    connection_->inbox.close();
    connection_->drop();
  }
  BeastWebSocket(const BeastWebSocket&) = delete;
  BeastWebSocket& operator=(const BeastWebSocket&) = delete;

  async::Task<Result<void>> send_text(std::string text) override {
    connection_->stream.text(true);
    co_return co_await send(std::move(text));
  }
  async::Task<Result<void>> send_binary(std::string data) override {
    connection_->stream.binary(true);
    co_return co_await send(std::move(data));
  }

  async::Task<std::optional<Message>> receive() override {
    connection_->reads = true;
    co_return co_await connection_->inbox.receive();
  }

  async::Task<void> close(CloseCode code, std::string reason) override {
    if (std::exchange(connection_->closing, true) || connection_->closed) co_return;
    // A control frame holds 123 bytes of reason.
    reason.resize(utf8_prefix_length(std::string_view(reason).substr(0, 123)));
    const ws::close_reason close_reason(static_cast<ws::close_code>(code), reason);
    // Beast bounds the handshake by handshake_timeout.
    co_await connection_->stream.async_close(close_reason, kTuple);
    connection_->drop();
  }

  std::optional<Closed> closed() const override { return connection_->closed; }

 private:
  async::Task<Result<void>> send(std::string data) {
    const std::shared_ptr<Shared> connection = connection_;
    if (connection->closed || connection->closing) {
      co_return fail(Code::Unavailable, "the websocket is closed");
    }
    enum class Outcome { Open, Sent, Late };
    const auto outcome = std::make_shared<Outcome>(Outcome::Open);
    auto& timer = connection->write_timer;
    timer.expires_after(
        std::chrono::duration_cast<asio::steady_timer::duration>(connection->limits.write_idle));
    timer.async_wait([connection, outcome](const boost::system::error_code& error) {
      if (error || *outcome == Outcome::Sent) return;
      *outcome = Outcome::Late;
      connection->drop();
    });
    const auto [error, count] = co_await connection->stream.async_write(asio::buffer(data), kTuple);
    if (*outcome == Outcome::Late) {
      co_return fail(Code::DeadlineExceeded, "the websocket's peer took nothing in time");
    }
    *outcome = Outcome::Sent;
    timer.cancel();
    if (error == asio::error::operation_aborted && !connection->closed) {
      co_return fail(Code::Cancelled, "sending was cancelled");
    }
    if (error) co_return fail(Code::Unavailable, "websocket: {}", error.message());
    co_return Result<void>();
  }

  std::shared_ptr<Shared> connection_;
};

/// Runs the handler so that `cancel` can stop it; answers whether it ended by itself.
async::Task<bool> run_handler(WebSocketHandler& handler, WebSocket& socket,
                              asio::cancellation_signal& cancel) {
  const auto executor = co_await asio::this_coro::executor;
  try {
    co_await asio::co_spawn(executor, handler(socket),
                            asio::bind_cancellation_slot(cancel.slot(), asio::use_awaitable));
    co_return true;
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) co_return false;
    log::error("websocket handler failed", {{"what", error.what()}});
  } catch (const std::exception& error) {
    log::error("websocket handler failed", {{"what", error.what()}});
  }
  co_return false;
}

void decorate(Shared& connection, Headers headers) {
  connection.stream.set_option(ws::stream_base::decorator([headers](auto& message) {
    for (const auto& [name, value] : headers)
      message.insert(name, value);
  }));
}

}  // namespace

async::Task<void> serve_websocket(Stream::Socket socket, std::string received, Headers extra,
                                  WebSocketLimits limits, WebSocketHandler handler,
                                  std::function<void(std::function<void()>)> on_stop) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto connection = std::make_shared<Shared>(std::move(socket), limits, beast::role_type::server);
  decorate(*connection, std::move(extra));
  const auto [error] = co_await connection->stream.async_accept(asio::buffer(received), kTuple);
  if (error) co_return;
  asio::cancellation_signal cancel;
  bool stopping = false;
  {
    BeastWebSocket facade(connection);
    connection->on_end = [&] {
      if (!connection->reads) cancel.emit(asio::cancellation_type::terminal);
    };
    on_stop([&] {
      stopping = true;
      cancel.emit(asio::cancellation_type::terminal);
    });
    start_reading(connection);
    const bool ended = co_await run_handler(handler, facade, cancel);
    on_stop(nullptr);
    const CloseCode code = stopping ? CloseCode::GoingAway
                           : ended  ? CloseCode::Normal
                                    : CloseCode::InternalError;
    co_await facade.close(code, "");
  }
  // The facade has closed the socket, so the reader is about to end.
  co_await connection->reader_ended.wait();
}

async::Task<Result<std::unique_ptr<WebSocket>>> open_websocket(Stream::Socket socket, Url url,
                                                               Headers headers,
                                                               WebSocketLimits limits) {
  auto connection = std::make_shared<Shared>(std::move(socket), limits, beast::role_type::client);
  decorate(*connection, std::move(headers));
  ws::response_type response;
  const auto [error] =
      co_await connection->stream.async_handshake(response, url.authority(), url.target(), kTuple);
  if (error == ws::error::upgrade_declined) {
    co_return fail(Code::FailedPrecondition, "{}: the server answered {} instead of a websocket",
                   url.to_string(), response.result_int());
  }
  if (error) co_return fail(Code::Unavailable, "{}: {}", url.to_string(), error.message());
  start_reading(connection);
  co_return std::make_unique<BeastWebSocket>(std::move(connection));
}

}  // namespace skrei::http
