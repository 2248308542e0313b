// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/loop.hpp"
#include "http/parser.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "http/stream.hpp"

namespace skrei::http {

class Connection;

/// What the connections of one server share. Outlives them.
struct ServerContext {
  ServerContext(async::Loop& loop_ref, ServerLimits given_limits, ServerHooks given_hooks);

  async::Loop& loop;
  ServerLimits limits;
  ServerHooks hooks;
  Router router;
  Watchdog watchdog;
  ServerStats stats;
  bool stopping = false;
  std::list<Connection*> connections;
  async::WaitQueue connection_ended;

  /// "<run>-<number>": unique among the requests of this and other runs.
  std::string next_request_id();
  /// The Date header's value, made once a second.
  const std::string& date();

 private:
  std::string run_;
  std::uint64_t requests_ = 0;
  std::string date_;
  long date_second_ = 0;
};

/// One accepted socket: reads requests one after the other, calls handlers, writes responses.
class Connection {
 public:
  enum class Mode { Serve, Refuse };

  Connection(ServerContext& context, std::unique_ptr<Stream> stream, std::string peer, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  async::Task<void> run();

  /// The server stops: an idle connection ends now, a websocket is closed, others go on.
  void begin_stop();

 private:
  class Body;
  class Sink;
  struct Exchange;

  enum class Head { Complete, Closed };
  async::Task<Head> read_head();
  async::Task<void> answer_bad_head(ParseError refused);
  async::Task<bool> fill(SteadyTime deadline);

  async::Task<bool> serve_request();
  Exchange begin_exchange();
  Request take_request(const Exchange& exchange);
  Result<std::optional<Response>> check(Request& request, Exchange& exchange);
  async::Task<Result<Response>> call_handler(Request request, Exchange& exchange);
  Response error_response(int status, Error error, const Exchange& exchange) const;

  async::Task<Result<void>> respond(Response response, Exchange& exchange);
  async::Task<Result<void>> respond_stream(Response::Stream stream, Exchange& exchange);
  async::Task<void> respond_websocket(WebSocketHandler handler, Exchange& exchange);
  void write_head(const Response& response, std::optional<std::uint64_t> length,
                  const Exchange& exchange);
  async::Task<bool> finish_body();
  async::Task<void> linger();
  void record(const Exchange& exchange);

  ServerContext& context_;
  std::unique_ptr<Stream> stream_;
  std::string peer_;
  Mode mode_;
  std::list<Connection*>::iterator place_;

  std::string in_;  // Received; bytes from in_begin_ on are not consumed yet.
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  bool in_ended_ = false;
  std::string out_;  // The head under construction; its storage is used again.
  std::unique_ptr<MessageParser> parser_;
  std::unique_ptr<Body> body_;
  bool idle_ = false;
  std::function<void()> stop_websocket_;
};

}  // namespace skrei::http
