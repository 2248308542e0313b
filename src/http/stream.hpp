// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <span>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "async/task.hpp"
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"

namespace skrei::http {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The time `limit` from now; the far future for a limit too long to add.
SteadyTime after(Duration limit);

class Stream;

/// Cuts off streams whose deadline has passed. One timer looks at all of them now and then (a
/// quarter of the shortest limit, at most each second), which costs less than a timer for each
/// wait.
class Watchdog {
 public:
  explicit Watchdog(boost::asio::io_context& context);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Looks at least as often as a wait of this length needs.
  void expect(Duration limit);

 private:
  friend class Stream;
  struct State;
  std::shared_ptr<State> state_;  // Shared with the timer's completion.
};

/// A connected TCP or Unix socket whose waits have deadlines. One task uses it at a time.
class Stream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  /// `fd` is a non-blocking stream socket, connected or connecting.
  static Result<std::unique_ptr<Stream>> open(Watchdog& watchdog, boost::asio::io_context& context,
                                              UniqueFd fd, int family);
  Stream(Watchdog& watchdog, Socket socket);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// 1 to buffer.size() bytes, or 0 at the end. DeadlineExceeded, Unavailable, Cancelled.
  async::Task<Result<std::size_t>> read_some(std::span<char> buffer, SteadyTime deadline);

  /// Writes the pieces in one gather where the kernel takes them. DeadlineExceeded when nothing at
  /// all could be written for `idle`. Changes `pieces`.
  async::Task<Result<void>> write_all(std::span<ByteView> pieces, Duration idle);

  async::Task<Result<void>> wait_writable(SteadyTime deadline);

  /// Ends a wait that is under way, with Cancelled.
  void cancel();
  void shutdown_write();
  /// Closes so that the peer sees a broken connection, not an end.
  void abort();
  /// Whether the peer has neither closed nor sent anything: an idle connection fit for re-use.
  bool is_quiet() const;

  /// The socket leaves for a protocol of its own (websocket); this stream is dead afterwards.
  Socket take_socket();
  Socket& socket() { return socket_; }

 private:
  friend class Watchdog;
  void arm(SteadyTime deadline);
  Result<void> outcome(const boost::system::error_code& error);

  Socket socket_;
  std::shared_ptr<void> watchdog_;
  SteadyTime deadline_ = SteadyTime::max();
  bool expired_ = false;
  std::list<Stream*>::iterator place_;
};

/// Text of a socket address: "127.0.0.1:80", "[::1]:80" or "unix".
std::string peer_name(const void* address, std::size_t size);

}  // namespace skrei::http
