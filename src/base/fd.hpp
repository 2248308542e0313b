// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <utility>

#include "base/bytes.hpp"

namespace skrei {

/// Owns one file descriptor; closes it at the end.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// openat(2) with O_CLOEXEC added; the error names the path.
Result<UniqueFd> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0600);

/// Writes all of `bytes`, however many calls it takes.
Result<void> write_all(int fd, ByteView bytes, std::string_view what);

/// The whole file, or ResourceExhausted if it is longer than `limit` bytes.
Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit);

/// Makes `path` hold `bytes` whole or not at all, through a power cut: (1) write `path`.tmp-<pid>,
/// (2) fsync it, (3) rename over `path`, (4) fsync the folder.
Result<void> write_file_atomically(const std::filesystem::path& path, ByteView bytes,
                                   unsigned mode = 0600);

}  // namespace skrei
