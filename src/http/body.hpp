// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "async/task.hpp"
#include "base/bytes.hpp"

namespace skrei::http {

/// Where the bytes of a body come from, in order, once.
class BodySource {
 public:
  virtual ~BodySource() = default;

  /// 1 to buffer.size() bytes, or 0 at the end. ResourceExhausted beyond the limit that holds,
  /// DeadlineExceeded when nothing comes, Unavailable when the other side broke off,
  /// InvalidArgument for a broken encoding. After an error every call gives an error.
  virtual async::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer) = 0;

  /// As announced by Content-Length; nothing if it was not (chunked).
  virtual std::optional<std::uint64_t> length() const = 0;
};

/// Where the bytes of a body go. write() returns once the bytes are with the kernel: a slow
/// receiver slows the writer, and one that takes nothing for the write time-out is cut off
/// (DeadlineExceeded). Unavailable when the other side has gone. `bytes` outlives the call.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual async::Task<Result<void>> write(ByteView bytes) = 0;
};

/// Produces a body piece by piece. It is called once and runs on the loop; an error breaks the
/// message off, so that the receiver cannot take it for whole.
using BodyWriter = std::move_only_function<async::Task<Result<void>>(BodySink&)>;

/// Everything up to the end; ResourceExhausted if it is longer than `limit` bytes.
async::Task<Result<std::string>> read_all(BodySource& source, std::size_t limit);

}  // namespace skrei::http
