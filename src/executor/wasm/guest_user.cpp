// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/guest_user.hpp"

#include <unistd.h>

namespace skrei::executor::wasm {

WallsUser choose_user(const WallsUser& lent, std::span<const OpenedFolder> opened) {
  for (const OpenedFolder& one : opened) {
    if (one.folder->access != Access::ReadWrite || one.folder->own) continue;
    return {.uid = one.info.st_uid, .gid = one.info.st_gid};
  }
  return lent;
}

Result<void> hand_over(const WallsUser& user, std::span<const OpenedFolder> opened) {
  for (const OpenedFolder& one : opened) {
    if (one.folder->own) {
      if (::fchown(one.fd, user.uid, user.gid) != 0) return fail_errno(one.folder->host_path);
      continue;
    }
    constexpr mode_t kOpenToOthers = S_IROTH | S_IXOTH;
    const bool is_owner = one.info.st_uid == user.uid;
    if (is_owner || (one.info.st_mode & kOpenToOthers) == kOpenToOthers) continue;
    return fail(Code::FailedPrecondition,
                "input {}: {} is closed to other users, and programs run under user ids of their "
                "own here; open it with \"chmod o+rx\", or run the node as its owner",
                one.folder->guest_path, one.folder->host_path);
  }
  return {};
}

}  // namespace skrei::executor::wasm
