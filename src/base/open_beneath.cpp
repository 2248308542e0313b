// SPDX-License-Identifier: Apache-2.0
#include "base/open_beneath.hpp"

#include <cerrno>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skrei {

Result<UniqueFd> open_beneath(int folder, const std::filesystem::path& path, int flags,
                              Mounts mounts, unsigned mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (mounts == Mounts::Refuse) how.resolve |= RESOLVE_NO_XDEV;
  while (true) {
    const long fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if (errno == EINTR) continue;
    if (errno == EXDEV) {
      return fail(Code::InvalidArgument, "{}: lies outside its folder or on another mount",
                  path.native());
    }
    return fail_errno(path.native());
  }
}

}  // namespace skrei
