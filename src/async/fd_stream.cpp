// SPDX-License-Identifier: Apache-2.0
#include "async/fd_stream.hpp"

#include <cerrno>
#include <csignal>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/loop.hpp"

namespace skrei::async {

namespace asio = boost::asio;

struct FdStream::State {
  asio::posix::stream_descriptor descriptor;
  bool is_socket;

  ssize_t write_some(ByteView bytes) {
    const int fd = descriptor.native_handle();
    return is_socket ? ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                     : ::write(fd, bytes.data(), bytes.size());
  }
};

namespace {

/// Writing to a pipe has no MSG_NOSIGNAL: the signal is ignored by the process, once.
/// async::Process gives its children the default again.
void ignore_sigpipe() {
  static const auto before = std::signal(SIGPIPE, SIG_IGN);
  static_cast<void>(before);
}

Error stream_error(int errno_value, std::string_view what) {
  Error error = errno_error(errno_value, what);
  if (errno_value == EPIPE || errno_value == ECONNRESET) error.code = Code::Unavailable;
  if (errno_value == ECANCELED) error.code = Code::Cancelled;
  return error;
}

}  // namespace

FdStream::FdStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
FdStream::~FdStream() = default;

Result<std::unique_ptr<FdStream>> FdStream::open(Loop& loop, UniqueFd fd) {
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("stream");
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
    return fail(Code::FailedPrecondition, "a regular file cannot be read as a stream");
  }
  auto state = std::make_unique<State>(asio::posix::stream_descriptor(loop.context()),
                                       S_ISSOCK(status.st_mode));
  if (!state->is_socket) ignore_sigpipe();
  boost::system::error_code error;
  state->descriptor.assign(fd.get(), error);
  if (error) return fail(errno_error(error.value(), "stream"));
  fd.release();
  state->descriptor.non_blocking(true, error);
  if (error) return fail(errno_error(error.value(), "stream"));
  return std::unique_ptr<FdStream>(new FdStream(std::move(state)));
}

Task<Result<std::size_t>> FdStream::read_some(std::span<std::uint8_t> buffer) {
  const auto [error, count] = co_await state_->descriptor.async_read_some(
      asio::buffer(buffer.data(), buffer.size()), asio::as_tuple(asio::use_awaitable));
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error) co_return fail(stream_error(error.value(), "read from stream"));
  co_return count;
}

Task<Result<void>> FdStream::write_all(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = state_->write_some(bytes);
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return fail(stream_error(errno, "write to stream"));
    const auto [error] = co_await state_->descriptor.async_wait(
        asio::posix::descriptor_base::wait_write, asio::as_tuple(asio::use_awaitable));
    if (error) co_return fail(stream_error(error.value(), "write to stream"));
  }
  co_return Result<void>();
}

void FdStream::shutdown_write() {
  if (state_->is_socket) {
    ::shutdown(state_->descriptor.native_handle(), SHUT_WR);
  } else {
    close();
  }
}

void FdStream::close() {
  boost::system::error_code ignored;  // The descriptor is gone whatever close(2) says.
  state_->descriptor.close(ignored);
}

int FdStream::fd() const {
  return state_->descriptor.native_handle();
}

}  // namespace skrei::async
