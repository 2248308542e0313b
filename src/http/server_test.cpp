// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "async/event.hpp"
#include "async/fd_stream.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "http/client.hpp"

namespace skrei::http {
namespace {

using async::Task;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

Task<Result<Response>> hello(Request request) {
  co_return Response::json(fmt::format(R"({{"path":"{}"}})", request.path));
}

Task<Result<Response>> echo(Request request) {
  CO_TRY_ASSIGN(std::string body, co_await request.read_body());
  co_return Response::text(std::move(body));
}

Task<Result<Response>> refuse(Request) {
  co_return fail(Error{Code::NotFound, "job j-1: not found", "List jobs with `skrei job list`."});
}

Task<Result<Response>> break_down(Request) {
  throw std::runtime_error("a fault");
  co_return Response{};
}

/// `pieces` pieces of 64 KiB; counts what it could write.
Task<Result<void>> write_pieces(BodySink& sink, std::size_t pieces, std::size_t& written) {
  const std::string piece(64 << 10, 'x');
  for (std::size_t i = 0; i < pieces; ++i) {
    CO_TRY(co_await sink.write(as_bytes(piece)));
    written += piece.size();
  }
  co_return Result<void>();
}

/// A plain socket beside the client, to say what no good client says.
class RawClient {
 public:
  RawClient(async::Loop& loop, std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    stream_ = *async::FdStream::open(loop, std::move(fd));
  }

  Task<void> send(std::string text) { EXPECT_TRUE(co_await stream_->write_all(as_bytes(text))); }
  void shutdown_write() { stream_->shutdown_write(); }
  void close() { stream_->close(); }

  /// Until the server closes, or until `end` has come.
  Task<std::string> receive(std::string end = {}) {
    std::uint8_t buffer[4096];
    while (end.empty() || text_.find(end) == std::string::npos) {
      const auto count = co_await stream_->read_some(buffer);
      if (!count || *count == 0) break;
      text_ += as_chars(ByteView(buffer).first(*count));
    }
    co_return std::exchange(text_, {});
  }

 private:
  std::unique_ptr<async::FdStream> stream_;
  std::string text_;
};

class ServerTest : public ::testing::Test {
 protected:
  void start(ServerLimits limits = {}, ServerHooks hooks = {}) {
    if (!hooks.observe) {
      hooks.observe = [this](const RequestRecord& record) {
        statuses_.push_back(record.status);
        routes_.emplace_back(record.route);
      };
    }
    server_ = std::make_unique<Server>(loop_, limits, std::move(hooks));
    server_->route("GET", "/hello/:name", hello);
    server_->route("PUT", "/echo", echo, {.body_limit = 1000});
    server_->route("PUT", "/ignore", hello);
    server_->route("GET", "/refuse", refuse);
    server_->route("GET", "/break", break_down);
    server_->route("GET", "/big", [this](Request) -> Task<Result<Response>> {
      co_return Response::stream(
          [this](BodySink& sink) { return write_pieces(sink, 1024, written_); },
          "application/octet-stream");
    });
    const auto port = server_->listen("127.0.0.1", 0);
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
  }

  /// Runs the test's task, then stops the server.
  void run(Task<void> task) {
    loop_.run_task([](Task<void> body, Server& server) -> Task<void> {
      co_await std::move(body);
      co_await server.stop(1s);
      EXPECT_EQ(server.stats().connections, 0u);
    }(std::move(task), *server_));
  }

  Url url(std::string_view path) {
    return *Url::parse(fmt::format("http://127.0.0.1:{}{}", port_, path));
  }

  /// Sends `text` on a connection of its own and answers all that comes back.
  std::string talk(std::string text) {
    std::string answer;
    RawClient client(loop_, port_);
    run([](RawClient& raw, std::string request, std::string& out) -> Task<void> {
      co_await raw.send(std::move(request));
      raw.shutdown_write();
      out = co_await raw.receive();
    }(client, std::move(text), answer));
    return answer;
  }

  async::Loop loop_;
  std::vector<int> statuses_;
  std::vector<std::string> routes_;
  std::size_t written_ = 0;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderToAHalfClosedClient) {
  start();
  const std::string answer = talk(
      "GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n"
      "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "PUT /ignore HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
      "HEAD /hello/b HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine\r\nConnection: close\r\n\r\n");

  const std::size_t first = answer.find(R"({"path":"/hello/a"})");
  const std::size_t second = answer.find("\r\n\r\nabc");
  const std::size_t third = answer.find(R"({"path":"/ignore"})");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
  EXPECT_TRUE(contains(answer, "X-Request-Id: mine\r\n\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));  // HEAD has no body.
  EXPECT_EQ(statuses_, (std::vector{200, 200, 200, 200}));
  EXPECT_EQ(routes_[0], "/hello/:name");
}

TEST_F(ServerTest, MalformedRequestsGet400AndTheEndOfTheConnection) {
  start();
  const std::string answer = talk("GARBAGE\r\n\r\nGET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_TRUE(contains(answer, "Connection: close\r\n"));
  EXPECT_FALSE(contains(answer, "hello"));
}

TEST_F(ServerTest, AHeaderThatIsTooLongGets431) {
  start();
  const std::string answer = talk("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(40000, 'x'));

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 431 ")) << answer.substr(0, 100);
}

TEST_F(ServerTest, AHeaderOf10KilobytesIsServed) {
  start();
  const std::string answer =
      talk("GET /hello/a HTTP/1.1\r\nHost: h\r\nX: " + std::string(10000, 'x') + "\r\n\r\n");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK")) << answer.substr(0, 100);
}

TEST_F(ServerTest, UnknownPathsAndMethodsAreToldApart) {
  start();
  const std::string answer = talk(
      "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: h\r\n\r\n"
      "OPTIONS /echo HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /hello/%zz HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_EQ(statuses_, (std::vector{404, 405, 204, 400}));
  EXPECT_TRUE(contains(answer, "405 Method Not Allowed"));
  EXPECT_TRUE(contains(answer, "Allow: OPTIONS, PUT\r\n"));
}

TEST_F(ServerTest, ABodyBeyondTheRoutesLimitGets413WhetherAnnouncedOrNot) {
  start();
  const std::string body(1001, 'x');
  const std::string announced =
      talk("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + body);
  EXPECT_TRUE(announced.starts_with("HTTP/1.1 413 ")) << announced;
  EXPECT_TRUE(contains(announced, "longer than the limit of 1000 bytes"));

  start();
  const std::string chunked =
      talk("PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + body +
           "\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.starts_with("HTTP/1.1 413 ")) << chunked;
}

TEST_F(ServerTest, ContinueIsSentOnlyWhenTheBodyIsWanted) {
  start();
  RawClient wanted(loop_, port_);
  RawClient refused(loop_, port_);
  run([](RawClient& good, RawClient& bad) -> Task<void> {
    co_await good.send(
        "PUT /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
        "Content-Length: 2\r\n\r\n");
    EXPECT_EQ(co_await good.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    co_await good.send("ok");
    const std::string answer = co_await good.receive("ok");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK"));
    co_await bad.send(
        "PUT /nowhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
        "Content-Length: 2\r\n\r\n");
    bad.shutdown_write();
    const std::string other = co_await bad.receive();
    EXPECT_TRUE(other.starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(contains(other, "Connection: close"));
  }(wanted, refused));
}

TEST_F(ServerTest, Http10ClosesUnlessAskedToStay) {
  start();
  EXPECT_TRUE(contains(talk("GET /hello/a HTTP/1.0\r\n\r\n"), "Connection: close\r\n"));

  start();
  EXPECT_TRUE(contains(talk("GET /hello/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
                       "Connection: keep-alive\r\n"));
}

TEST_F(ServerTest, ErrorsAndExceptionsOfHandlersBecomeResponses) {
  start();
  const std::string answer = talk(
      "GET /refuse HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /break HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-9\r\n\r\n");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found"));
  EXPECT_TRUE(contains(answer, "job j-1: not found\nList jobs with `skrei job list`.\n"));
  EXPECT_TRUE(contains(answer, "HTTP/1.1 500 Internal Server Error"));
  EXPECT_TRUE(contains(answer, "request r-9"));
  EXPECT_FALSE(contains(answer, "a fault"));
}

TEST_F(ServerTest, ForeignHostsAndOriginsAreRefused) {
  start({}, {.allow_host = [](std::string_view host, const Request&) {
          return host == "h";
        }});
  const std::string answer = talk(
      "GET /hello/a HTTP/1.1\r\nHost: evil\r\n\r\n"
      "GET /hello/a HTTP/1.1\r\nHost: h\r\nOrigin: http://evil\r\n\r\n"
      "GET /hello/a HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\n\r\n");

  EXPECT_EQ(statuses_, (std::vector{403, 403, 200}));
  EXPECT_TRUE(contains(answer, "host name \"evil\""));
}

TEST_F(ServerTest, ErrorsCanBeRendered) {
  start({}, {.render_error = [](const ErrorContext& context) {
          return Response::json(fmt::format(R"({{"{}":"{}"}})", context.status, context.accept));
        }});

  EXPECT_TRUE(
      contains(talk("GET /x HTTP/1.1\r\nHost: h\r\nAccept: a/b\r\n\r\n"), R"({"404":"a/b"})"));
}

TEST_F(ServerTest, ASlowHeaderIsCutOffAndASilentClientClosed) {
  start({.header_timeout = 20ms});
  RawClient slow(loop_, port_);
  RawClient silent(loop_, port_);
  run([](RawClient& one, RawClient& two) -> Task<void> {
    co_await one.send("GET / HT");
    const std::string answer = co_await one.receive("did not come in time");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 "));
    EXPECT_EQ(co_await two.receive(), "");
    one.close();
  }(slow, silent));
  EXPECT_EQ(server_->stats().slow_clients, 1u);
}

TEST_F(ServerTest, ASlowBodyIsCutOff) {
  start({.body_idle = 20ms});
  RawClient client(loop_, port_);
  run([](RawClient& raw) -> Task<void> {
    co_await raw.send("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na");
    const std::string answer = co_await raw.receive("did not come in time");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 "));
    raw.close();
  }(client));
  EXPECT_EQ(server_->stats().slow_clients, 1u);
}

TEST_F(ServerTest, AnIdleConnectionIsClosedAfterTheKeepAliveTime) {
  start({.keep_alive = 20ms});
  RawClient client(loop_, port_);
  run([](RawClient& raw) -> Task<void> {
    co_await raw.send("GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string answer = co_await raw.receive();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK"));
  }(client));
}

Task<void> wait_for_slow(Server& server) {
  while (server.stats().slow_clients == 0) {
    const auto slept = co_await async::sleep_for(1ms);
    if (!slept) co_return;
  }
}

TEST_F(ServerTest, AClientThatTakesNothingIsCutOffInBoundedMemory) {
  start({.write_idle = 30ms});
  RawClient client(loop_, port_);
  run([](RawClient& raw, Server& server) -> Task<void> {
    co_await raw.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await wait_for_slow(server);
  }(client, *server_));

  // What the kernel's buffers hold, and no more, was ever produced.
  EXPECT_LT(written_, 16u << 20);
  EXPECT_EQ(statuses_, (std::vector{499}));
}

TEST_F(ServerTest, ASlowReaderGetsAll64MiB) {
  start();
  Client client(loop_);
  run([](Client& http, Url big) -> Task<void> {
    auto response = co_await http.send({.url = std::move(big)});
    EXPECT_TRUE(response) << response.error().message;
    std::vector<std::uint8_t> buffer(300'000);
    std::size_t total = 0;
    while (true) {
      const auto count = co_await response->body().read_some(buffer);
      EXPECT_TRUE(count) << count.error().message;
      if (!count || *count == 0) break;
      total += *count;
    }
    EXPECT_EQ(total, 64u << 20);
  }(client, url("/big")));
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitGet503) {
  start({.connections = 1});
  RawClient first(loop_, port_);
  RawClient second(loop_, port_);
  run([](RawClient& one, RawClient& two) -> Task<void> {
    co_await one.send("GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await one.receive("}");
    co_await two.send("GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n");
    two.shutdown_write();
    const std::string answer = co_await two.receive();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_TRUE(contains(answer, "Connection: close"));
  }(first, second));
  EXPECT_EQ(server_->stats().refused_connections, 1u);
}

/// A handler that is busy until `go`.
struct Busy {
  async::Event started{async::Event::Reset::Manual};
  async::Event go{async::Event::Reset::Manual};
};

Task<Result<Response>> wait_for_go(Busy& busy) {
  busy.started.set();
  CO_TRY(co_await busy.go.wait());
  co_return Response::text("finished");
}

TEST_F(ServerTest, StopClosesIdleConnectionsAndLetsBusyOnesFinish) {
  start();
  Busy busy;
  server_->route("GET", "/busy", [&](Request) { return wait_for_go(busy); });
  RawClient idle(loop_, port_);
  RawClient working(loop_, port_);
  async::TaskScope scope(loop_);
  loop_.run_task([](RawClient& quiet, RawClient& raw, Busy& handler, Server& server,
                    async::TaskScope& tasks) -> Task<void> {
    co_await quiet.send("GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await quiet.receive("}");
    co_await raw.send("GET /busy HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(co_await handler.started.wait(5s));
    tasks.spawn("stop", server.stop(1h));
    EXPECT_EQ(co_await quiet.receive(), "");
    handler.go.set();
    const std::string answer = co_await raw.receive("finished");
    EXPECT_TRUE(contains(answer, "Connection: close"));
    raw.close();
    co_await tasks.join();
  }(idle, working, busy, *server_, scope));
  EXPECT_EQ(server_->stats().connections, 0u);
}

TEST_F(ServerTest, StopCancelsWhatIsBusyBeyondTheGrace) {
  start();
  Busy busy;
  server_->route("GET", "/busy", [&](Request) { return wait_for_go(busy); });
  RawClient client(loop_, port_);
  loop_.run_task([](RawClient& raw, Busy& handler, Server& server) -> Task<void> {
    co_await raw.send("GET /busy HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(co_await handler.started.wait(5s));
    co_await server.stop(5ms);
    EXPECT_EQ(server.stats().connections, 0u);
  }(client, busy, *server_));
}

TEST_F(ServerTest, APortInUseIsASentence) {
  start();
  Server other(loop_);
  const auto port = other.listen("127.0.0.1", port_);
  EXPECT_EQ(port.error().code, Code::FailedPrecondition);
  EXPECT_TRUE(contains(port.error().message, "the port is in use"));
  EXPECT_EQ(other.listen("example.org", 0).error().code, Code::InvalidArgument);
  run([]() -> Task<void> {
    co_return;
  }());
}

}  // namespace
}  // namespace skrei::http
