// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace skrei {

Result<UniqueFd> lock_file(const std::filesystem::path& path, std::string_view what) {
  TRY_ASSIGN(UniqueFd file, open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(path.native());
    std::array<char, 32> text{};
    const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
    std::string_view holder(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    holder = holder.substr(0, holder.find('\n'));
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("{} is in use by process {}", what,
                                  holder.empty() ? std::string_view("(unknown)") : holder),
                      "stop that process, or name another data directory"});
  }
  if (::ftruncate(file.get(), 0) != 0) return fail_errno(path.native());
  TRY(write_all(file.get(), as_bytes(fmt::format("{}\n", ::getpid())), path.native()));
  return file;
}

}  // namespace skrei
