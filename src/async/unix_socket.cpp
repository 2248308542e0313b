// SPDX-License-Identifier: Apache-2.0
#include "async/unix_socket.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace skrei::async {
namespace {

constexpr int kBacklog = 128;

struct Address {
  sockaddr_un bytes = {};
  UniqueFd folder;  // Keeps the path through /proc/self/fd alive.

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

Result<Address> address_of(const std::filesystem::path& path) {
  Address address;
  address.bytes.sun_family = AF_UNIX;
  std::string text = path.string();
  if (text.size() >= sizeof(address.bytes.sun_path)) {
    const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    TRY_ASSIGN(address.folder, open_file(parent, O_PATH | O_DIRECTORY));
    text = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), path.filename().string());
  }
  if (text.empty() || text.size() >= sizeof(address.bytes.sun_path)) {
    return fail(Code::InvalidArgument, "socket {}: the name has to be 1 to 80 bytes long",
                path.string());
  }
  std::memcpy(address.bytes.sun_path, text.data(), text.size());
  return address;
}

Result<UniqueFd> make_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  return fd;
}

/// Removes a socket on which nobody listens.
Result<void> remove_stale(const std::filesystem::path& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno(path.string());
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Code::AlreadyExists, "socket {}: the path exists and is not a socket",
                path.string());
  }
  const auto alive = connect_unix(path);
  if (alive || errno == EAGAIN) {
    return fail(Code::AlreadyExists, "socket {}: another process listens on it", path.string());
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(path.string());
  return {};
}

}  // namespace

Result<UniqueFd> connect_unix(const std::filesystem::path& path) {
  TRY_ASSIGN(const auto address, address_of(path));
  TRY_ASSIGN(auto fd, make_socket());
  if (::connect(fd.get(), address.get(), sizeof(address.bytes)) == 0) return fd;
  const int reason = errno;
  if (reason == ECONNREFUSED || reason == EAGAIN) {
    Error error{Code::Unavailable,
                fmt::format("socket {}: {}", path.string(),
                            reason == EAGAIN ? "too many connections wait there"
                                             : "nobody listens on it; is the service running?")};
    errno = reason;
    return fail(std::move(error));
  }
  return fail(errno_error(reason, fmt::format("socket {}", path.string())));
}

Result<UniqueFd> listen_unix(const std::filesystem::path& path, unsigned mode) {
  TRY(remove_stale(path));
  TRY_ASSIGN(const auto address, address_of(path));
  TRY_ASSIGN(auto fd, make_socket());
  const std::string what = fmt::format("socket {}", path.string());
  // The mode of the socket's own inode is the mode that bind() gives, less the umask: no moment in
  // which others could connect.
  if (::fchmod(fd.get(), mode) != 0) return fail_errno(what);
  if (::bind(fd.get(), address.get(), sizeof(address.bytes)) != 0) return fail_errno(what);
  if (::listen(fd.get(), kBacklog) != 0) return fail_errno(what);
  return fd;
}

}  // namespace skrei::async
