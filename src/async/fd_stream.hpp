// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "async/task.hpp"
#include "base/fd.hpp"

namespace skrei::async {

class Loop;

/// A pipe end or stream socket, read and written without blocking the loop.
///
/// One read and one write may be under way at a time. The open file description becomes
/// non-blocking, for everybody who shares it. Destroy or close() it only when nothing waits on it,
/// or cancel the waiting tasks first.
class FdStream {
 public:
  /// FailedPrecondition for what cannot be waited on (a regular file).
  static Result<std::unique_ptr<FdStream>> open(Loop& loop, UniqueFd fd);
  ~FdStream();
  FdStream(const FdStream&) = delete;
  FdStream& operator=(const FdStream&) = delete;

  /// 1 to buffer.size() bytes, or 0 at the end of the stream. `buffer` outlives the call.
  Task<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer);

  /// Unavailable if the reader has gone (never SIGPIPE). `bytes` outlives the call.
  Task<Result<void>> write_all(ByteView bytes);

  /// Ends the write side of a socket; a pipe is closed.
  void shutdown_write();
  void close();
  int fd() const;

 private:
  struct State;
  explicit FdStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace skrei::async
