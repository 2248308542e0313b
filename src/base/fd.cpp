// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope_guard.hpp"

namespace skrei {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Result<UniqueFd> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return fail_errno(path.native());
  return UniqueFd(fd);
}

Result<void> write_all(int fd, ByteView bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail_errno(what);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit) {
  TRY_ASSIGN(const UniqueFd file, open_file(path, O_RDONLY));
  Bytes bytes;
  std::uint8_t buffer[16384];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail_errno(path.native());
    }
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > limit) {
      return fail(Code::ResourceExhausted, "{}: longer than {} bytes", path.native(), limit);
    }
    bytes.insert(bytes.end(), buffer, buffer + got);
  }
}

Result<void> write_file_atomically(const std::filesystem::path& path, ByteView bytes,
                                   unsigned mode) {
  std::filesystem::path temporary = path;
  temporary += fmt::format(".tmp-{}", ::getpid());
  TRY_ASSIGN(UniqueFd file, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
  ScopeGuard remove_temporary([&] { ::unlink(temporary.c_str()); });
  TRY(write_all(file.get(), bytes, temporary.native()));
  if (::fsync(file.get()) != 0) return fail_errno(temporary.native());
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno(path.native());
  remove_temporary.dismiss();
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  TRY_ASSIGN(const UniqueFd directory, open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(directory.get()) != 0) return fail_errno(folder.native());
  return {};
}

}  // namespace skrei
