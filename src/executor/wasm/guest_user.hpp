// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include <sys/stat.h>

#include "base/result.hpp"
#include "executor/wasm/supervisor_protocol.hpp"
#include "executor/wasm/walls.hpp"

// The user a program runs as, where its node runs as root.
namespace skrei::executor::wasm {

struct OpenedFolder {
  const GuestFolder* folder = nullptr;
  int fd = -1;
  struct stat info{};
};

/// Whom the program becomes: the user that was lent to it. A folder of the host that it may write
/// stays whose it is, so a program with such a folder becomes the owner of the first.
WallsUser choose_user(const WallsUser& lent, std::span<const OpenedFolder> opened);

/// Sees to it that `user` can use the folders; what was made for this run becomes its own.
/// FailedPrecondition names an input that is closed to it.
Result<void> hand_over(const WallsUser& user, std::span<const OpenedFolder> opened);

}  // namespace skrei::executor::wasm
