// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "executor/wasm/walls_support.hpp"

namespace skrei::executor::wasm {

/// The user ids of one supervisor, lent to its runs so that no two that run have the same.
///
/// Several supervisors may run on a machine (nodes of other data directories, an older version that
/// still has programs). So each claims kUserSlots ids for itself by binding an abstract Unix socket
/// that is named after them; the kernel gives the name back when the process ends, however it ends.
class UserSlots {
 public:
  /// Unavailable when every range of `users` is claimed.
  static Result<UserSlots> claim(const WallsUsers& users);

  /// Lowest id that is not lent, after the last lent one: an id comes back as late as it may.
  /// ResourceExhausted when all are lent.
  Result<WallsUser> take();
  void give_back(const WallsUser& user);

 private:
  UserSlots(UniqueFd claim, WallsUsers users) : claim_(std::move(claim)), users_(users) {}

  UniqueFd claim_;
  WallsUsers users_;
  unsigned next_ = 0;
  std::set<uid_t> lent_;
};

/// Ids of one supervisor.
inline constexpr unsigned kUserSlots = 1024;

/// The id under which modules are compiled: in no supervisor's range.
WallsUser compiler_user(const WallsUsers& users);

}  // namespace skrei::executor::wasm
