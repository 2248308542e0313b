// SPDX-License-Identifier: Apache-2.0
#include "cli/body_pipe.hpp"

#include <cerrno>
#include <memory>
#include <optional>

#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "async/fd_stream.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/fd.hpp"

namespace skrei::cli {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;

struct Ends {
  std::unique_ptr<async::FdStream> loop_end;
  UniqueFd pool_end;
};

Result<Ends> make_ends(async::Loop& loop) {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return fail_errno("socketpair");
  }
  Ends ends;
  ends.pool_end = UniqueFd(fds[1]);
  TRY_ASSIGN(ends.loop_end, async::FdStream::open(loop, UniqueFd(fds[0])));
  return ends;
}

Result<void> write_to(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Code::Unavailable, "the transfer was broken off");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::size_t> read_from(int fd, std::span<std::uint8_t> buffer) {
  while (true) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail_errno("reading what was transferred");
  }
}

/// Runs the blocking side as a task of its own and keeps how it ended.
class BlockingSide {
 public:
  BlockingSide(async::Loop& loop, async::BlockingPool& pool, UniqueFd end,
               std::function<Result<void>(int fd)> work)
      : pool_(pool), end_(std::move(end)), work_(std::move(work)), scope_(loop) {
    scope_.spawn("transfer", run());
  }

  async::Task<Result<void>> join() {
    co_await scope_.join();
    co_return result_;
  }

 private:
  async::Task<void> run() {
    // Joined in any case: the thread holds the descriptor.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    result_ = co_await async::blocking(pool_, [this] { return work_(end_.get()); });
    end_.reset();
  }

  async::BlockingPool& pool_;
  UniqueFd end_;
  std::function<Result<void>(int fd)> work_;
  Result<void> result_;
  async::TaskScope scope_;
};

}  // namespace

async::Task<Result<void>> send_produced(async::Loop& loop, async::BlockingPool& pool,
                                        std::function<Result<void>(const WriteFunction&)> produce,
                                        http::BodySink& sink) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  CO_TRY_ASSIGN(Ends ends, make_ends(loop));
  BlockingSide side(loop, pool, std::move(ends.pool_end), [&produce](int fd) {
    return produce([fd](ByteView bytes) { return write_to(fd, bytes); });
  });
  Bytes buffer(kPieceBytes);
  Result<void> sent;
  while (sent) {
    const auto count = co_await ends.loop_end->read_some(buffer);
    if (!count) sent = fail(count.error());
    if (!count || *count == 0) break;
    sent = co_await sink.write(ByteView(buffer).first(*count));
  }
  ends.loop_end->close();  // A producer that still writes fails.
  const Result<void> produced = co_await side.join();
  // A receiver that broke off made the producer fail, too.
  if (!sent) co_return sent;
  co_return produced;
}

async::Task<Result<void>> feed_consumer(async::Loop& loop, async::BlockingPool& pool,
                                        http::BodySource& source,
                                        std::function<Result<void>(const ReadFunction&)> consume) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  CO_TRY_ASSIGN(Ends ends, make_ends(loop));
  BlockingSide side(loop, pool, std::move(ends.pool_end), [&consume](int fd) {
    return consume([fd](std::span<std::uint8_t> buffer) { return read_from(fd, buffer); });
  });
  Bytes buffer(kPieceBytes);
  std::optional<Error> broken;
  while (true) {
    const auto count = co_await source.read_some(buffer);
    if (!count) broken = count.error();
    if (!count || *count == 0) break;
    // Fails when the consumer has stopped, which has its own, better sentence.
    if (!co_await ends.loop_end->write_all(ByteView(buffer).first(*count))) break;
  }
  ends.loop_end->close();
  const Result<void> consumed = co_await side.join();
  if (broken) co_return fail(*broken);
  co_return consumed;
}

}  // namespace skrei::cli
