// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/testing/temp_dir.hpp"
#include "http/event_stream.hpp"
#include "http/server.hpp"

namespace skrei::http {
namespace {

using async::Task;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

Task<Result<Response>> echo(Request request) {
  CO_TRY_ASSIGN(std::string body, co_await request.read_body());
  Response response = Response::text(std::move(body));
  response.headers.set("X-Peer", request.peer);
  response.headers.set("X-Query", request.query.to_string());
  co_return response;
}

Task<Result<Response>> count(Request request) {
  std::vector<std::uint8_t> buffer(10'000);
  std::size_t total = 0;
  while (true) {
    CO_TRY_ASSIGN(const std::size_t piece, co_await request.body->read_some(buffer));
    if (piece == 0) co_return Response::text(std::to_string(total));
    total += piece;
  }
}

Task<Result<void>> fail_midway(BodySink& sink) {
  CO_TRY(co_await sink.write(as_bytes("half")));
  co_return fail(Code::Internal, "the source of the body broke");
}

Task<Result<Response>> break_off(Request) {
  co_return Response::stream(fail_midway, "text/plain");
}

Task<Result<void>> three_events(EventStream& events) {
  for (int i = 1; i <= 3; ++i)
    CO_TRY(co_await events.send({.data = fmt::format("n{}", i), .id = std::to_string(i)}));
  co_return co_await events.heartbeat();
}

Task<Result<Response>> events(Request) {
  co_return Response::events(three_events);
}

Task<void> echo_messages(WebSocket& socket) {
  while (true) {
    auto message = co_await socket.receive();
    if (!message) co_return;
    if (message->data == "bye") {
      co_await socket.close(CloseCode::PolicyViolation, "told so");
      co_return;
    }
    const auto sent = message->is_text ? co_await socket.send_text(message->data)
                                       : co_await socket.send_binary(message->data);
    if (!sent) co_return;
  }
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() { limits_.websocket.write_idle = 50ms; }

  void start() {
    server_ = std::make_unique<Server>(loop_, limits_);
    server_->route("PUT", "/echo", echo);
    server_->route("GET", "/echo", echo);
    server_->route("PUT", "/count", count, {.body_limit = 100u << 20});
    server_->route("GET", "/broken", break_off);
    server_->route("GET", "/events", events);
    server_->route("GET", "/ws", [](Request) -> Task<Result<Response>> {
      co_return Response::websocket(echo_messages);
    });
    server_->route("GET", "/follow", [this](Request) -> Task<Result<Response>> {
      co_return Response::websocket([this](WebSocket& socket) { return follow(socket); });
    });
    server_->route("GET", "/flood", [this](Request) -> Task<Result<Response>> {
      co_return Response::websocket([this](WebSocket& socket) { return flood(socket); });
    });
    const auto port = server_->listen("127.0.0.1", 0);
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
  }

  /// Sends once, then waits for something that never comes.
  Task<void> follow(WebSocket& socket) {
    EXPECT_TRUE(co_await socket.send_text("first"));
    const auto waited = co_await async::sleep_for(1h);
    follow_cancelled_ = !waited;
  }

  Task<void> flood(WebSocket& socket) {
    const std::string text(1 << 20, 'x');
    while (flood_result_)
      flood_result_ = co_await socket.send_text(text);
  }

  void run(Task<void> task) {
    loop_.run_task([](Task<void> body, Server& server) -> Task<void> {
      co_await std::move(body);
      co_await server.stop(100ms);
      EXPECT_EQ(server.stats().connections, 0u);
    }(std::move(task), *server_));
  }

  Url url(std::string_view path) {
    return *Url::parse(fmt::format("http://127.0.0.1:{}{}", port_, path));
  }

  async::Loop loop_;
  ServerLimits limits_;
  std::unique_ptr<Server> server_;
  Client client_{loop_};
  std::uint16_t port_ = 0;
  bool follow_cancelled_ = false;
  Result<void> flood_result_;
};

Task<std::string> peer_of(Client& client, Url url) {
  auto response = co_await client.send({.url = std::move(url)});
  EXPECT_TRUE(response) << response.error().message;
  if (!response) co_return "";
  EXPECT_EQ(response->status(), 200);
  std::string peer(response->headers().get("X-Peer").value_or(""));
  EXPECT_TRUE(co_await response->read_body(1000));
  co_return peer;
}

TEST_F(ClientTest, UsesAConnectionAgain) {
  start();
  run([](Client& client, Url target) -> Task<void> {
    const std::string first = co_await peer_of(client, target);
    const std::string second = co_await peer_of(client, target);
    EXPECT_EQ(first, second);
  }(client_, url("/echo")));
}

TEST_F(ClientTest, RepeatsASafeRequestOnADeadConnection) {
  limits_.keep_alive = 5ms;
  start();
  run([](Client& client, Url target, Server& server) -> Task<void> {
    co_await peer_of(client, target);
    while (server.stats().connections > 0)
      if (!co_await async::sleep_for(1ms)) co_return;
    co_await peer_of(client, target);
  }(client_, url("/echo"), *server_));
}

TEST_F(ClientTest, SpeaksOverUnixSockets) {
  start();
  const testing::TempDir folder;
  const auto path = folder.path() / std::string(110, 's') / "api.sock";
  std::filesystem::create_directory(path.parent_path());
  ASSERT_TRUE(server_->listen_unix(path));
  run([](Client& client, Url target) -> Task<void> {
    EXPECT_EQ(co_await peer_of(client, target), "unix");
  }(client_, *Url::parse("http+unix://" + percent_encode(path.string()) + "/echo")));
  EXPECT_FALSE(std::filesystem::exists(path));
}

Task<Result<void>> upload(BodySink& sink) {
  const std::string piece(100'000, 'u');
  for (int i = 0; i < 100; ++i)
    CO_TRY(co_await sink.write(as_bytes(piece)));
  co_return Result<void>();
}

TEST_F(ClientTest, SendsAStreamWhoseLengthIsKnownOrNot) {
  start();
  run([](Client& client, Url target) -> Task<void> {
    const std::optional<std::uint64_t> lengths[] = {std::nullopt, 10'000'000};
    for (const auto length : lengths) {
      ClientRequest request{.method = "PUT", .url = target};
      request.body = ClientRequest::Upload{upload, length};
      auto response = co_await client.send(std::move(request));
      EXPECT_TRUE(response) << response.error().message;
      if (!response) co_return;
      EXPECT_EQ(co_await response->read_body(100), "10000000");
    }
  }(client_, url("/count")));
}

TEST_F(ClientTest, GetsAnAnswerThatComesBeforeItsUploadIsRead) {
  start();
  run([](Client& client, Url target) -> Task<void> {
    ClientRequest request{.method = "PUT", .url = std::move(target)};
    request.body = ClientRequest::Upload{upload, std::nullopt};
    auto response = co_await client.send(std::move(request));
    EXPECT_TRUE(response) << response.error().message;
    if (!response) co_return;
    EXPECT_EQ(response->status(), 404);
  }(client_, url("/nowhere")));
}

TEST_F(ClientTest, ABrokenBodyIsAnErrorNeverAShortBody) {
  start();
  run([](Client& client, Url target) -> Task<void> {
    auto response = co_await client.send({.url = std::move(target)});
    EXPECT_TRUE(response) << response.error().message;
    if (!response) co_return;
    const auto body = co_await response->read_body(1000);
    EXPECT_EQ(body.error().code, Code::Unavailable);
  }(client_, url("/broken")));
}

TEST_F(ClientTest, ALongBodyIsRefusedByTheCallersLimit) {
  start();
  run([](Client& client, Url target) -> Task<void> {
    ClientRequest request{.method = "PUT", .url = std::move(target)};
    request.body = std::string(2000, 'x');
    auto response = co_await client.send(std::move(request));
    EXPECT_TRUE(response) << response.error().message;
    if (!response) co_return;
    EXPECT_EQ((co_await response->read_body(1999)).error().code, Code::ResourceExhausted);
  }(client_, url("/echo")));
}

TEST_F(ClientTest, ReceivesServerSentEvents) {
  start();
  run([](Client& client, Url target) -> Task<void> {
    auto response = co_await client.send({.url = std::move(target)});
    EXPECT_TRUE(response) << response.error().message;
    if (!response) co_return;
    EXPECT_EQ(response->headers().get("Content-Type"), "text/event-stream");
    EXPECT_EQ(co_await response->read_body(1000),
              "id: 1\ndata: n1\n\nid: 2\ndata: n2\n\nid: 3\ndata: n3\n\n: keep-alive\n\n");
  }(client_, url("/events")));
}

TEST_F(ClientTest, WhatCannotBeCalledIsASentence) {
  start();
  run([](Client& client, std::uint16_t port) -> Task<void> {
    const auto tls = co_await client.send({.url = *Url::parse("https://h/")});
    EXPECT_EQ(tls.error().message, "https://h/: TLS is not supported");
    const auto socket = co_await client.send({.url = *Url::parse("http+unix://%2Fnone/")});
    EXPECT_EQ(socket.error().code, Code::NotFound);
    ClientRequest split{.url = *Url::parse(fmt::format("http://127.0.0.1:{}/", port))};
    split.headers.set("X", "a\r\nY: b");
    EXPECT_EQ((co_await client.send(std::move(split))).error().code, Code::InvalidArgument);
  }(client_, port_));
}

TEST_F(ClientTest, ASilentServerIsGivenUp) {
  start();
  server_->route("GET", "/silent", [](Request) -> Task<Result<Response>> {
    CO_TRY(co_await async::sleep_for(1h));
    co_return Response{};
  });
  run([](Client& client, Url target) -> Task<void> {
    const auto response = co_await client.send({.url = std::move(target), .first_byte = 10ms});
    EXPECT_EQ(response.error().code, Code::DeadlineExceeded);
  }(client_, url("/silent")));
}

TEST_F(ClientTest, WebSocketsEchoAndCarryCloseCodes) {
  start();
  run([](Client& client, Url target) -> Task<void> {
    auto socket = co_await client.open_websocket(std::move(target));
    EXPECT_TRUE(socket) << socket.error().message;
    if (!socket) co_return;
    EXPECT_TRUE(co_await (*socket)->send_text("håll"));
    EXPECT_EQ((co_await (*socket)->receive())->data, "håll");
    EXPECT_TRUE(co_await (*socket)->send_binary(std::string(100'000, '\0')));
    const auto binary = co_await (*socket)->receive();
    EXPECT_EQ(binary->data.size(), 100'000u);
    EXPECT_FALSE(binary->is_text);
    EXPECT_TRUE(co_await (*socket)->send_text("bye"));
    EXPECT_FALSE(co_await (*socket)->receive());
    EXPECT_EQ((*socket)->closed()->code, CloseCode::PolicyViolation);
    EXPECT_EQ((*socket)->closed()->reason, "told so");
    EXPECT_EQ((co_await (*socket)->send_text("x")).error().code, Code::Unavailable);
  }(client_, url("/ws")));
}

TEST_F(ClientTest, AFollowingHandlerIsCancelledWhenItsClientGoes) {
  start();
  run([](Client& client, Url target, Server& server) -> Task<void> {
    auto socket = co_await client.open_websocket(std::move(target));
    EXPECT_TRUE(socket) << socket.error().message;
    if (!socket) co_return;
    EXPECT_EQ((co_await (*socket)->receive())->data, "first");
    socket->reset();
    while (server.stats().connections > 0)
      if (!co_await async::sleep_for(1ms)) co_return;
  }(client_, url("/follow"), *server_));
  EXPECT_TRUE(follow_cancelled_);
}

TEST_F(ClientTest, StopClosesWebSocketsAsGoingAway) {
  start();
  run([](Client& client, Url target, Server& server, async::Loop& loop) -> Task<void> {
    auto socket = co_await client.open_websocket(std::move(target));
    EXPECT_TRUE(socket) << socket.error().message;
    if (!socket) co_return;
    co_await (*socket)->receive();
    async::TaskScope scope(loop);
    scope.spawn("stop", server.stop(1h));
    EXPECT_FALSE(co_await (*socket)->receive());
    EXPECT_EQ((*socket)->closed()->code, CloseCode::GoingAway);
    co_await scope.join();
  }(client_, url("/follow"), *server_, loop_));
}

TEST_F(ClientTest, AWebSocketClientThatTakesNothingIsCutOff) {
  start();
  run([](Client& client, Url target, Result<void>& result) -> Task<void> {
    auto socket = co_await client.open_websocket(std::move(target));
    EXPECT_TRUE(socket) << socket.error().message;
    // The inbox of 16 messages fills, as nobody receives: then reading pauses.
    while (socket && result)
      if (!co_await async::sleep_for(5ms)) co_return;
  }(client_, url("/flood"), flood_result_));
  EXPECT_EQ(flood_result_.error().code, Code::DeadlineExceeded);
}

TEST_F(ClientTest, AResourceThatIsNoWebSocketSaysSo) {
  start();
  run([](Client& client, Url plain, Url upgrade) -> Task<void> {
    const auto socket = co_await client.open_websocket(std::move(plain));
    EXPECT_EQ(socket.error().code, Code::FailedPrecondition);
    const auto response = co_await client.send({.url = std::move(upgrade)});
    EXPECT_EQ(response->status(), 426);
  }(client_, url("/echo"), url("/ws")));
}

}  // namespace
}  // namespace skrei::http
