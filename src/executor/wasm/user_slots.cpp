// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/user_slots.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>

namespace skrei::executor::wasm {
namespace {

/// Empty if another process has the name.
Result<UniqueFd> bind_name(const std::string& name) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("user ids of executions");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // An abstract name begins with a zero byte.
  const std::size_t length = std::min(name.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, name.data(), length);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return socket;
  if (errno == EADDRINUSE) return UniqueFd();
  return fail_errno("user ids of executions");
}

}  // namespace

Result<UserSlots> UserSlots::claim(const WallsUsers& users) {
  // The last range is the compilers'.
  for (unsigned begin = 0; begin + 2 * kUserSlots <= users.count; begin += kUserSlots) {
    const WallsUsers range{.first = users.first + begin, .count = kUserSlots};
    TRY_ASSIGN(UniqueFd claim, bind_name(fmt::format("skrei-users-{}", range.first)));
    if (claim) return UserSlots(std::move(claim), range);
  }
  return fail(Code::Unavailable,
              "user ids of executions: all {} ranges from {} are used by other nodes of this "
              "machine; stop one of them, or run this one as an ordinary user",
              users.count / kUserSlots - 1, users.first);
}

Result<WallsUser> UserSlots::take() {
  for (unsigned tried = 0; tried < users_.count; ++tried) {
    const WallsUser user = users_.at(next_);
    next_ = (next_ + 1) % users_.count;
    if (lent_.insert(user.uid).second) return user;
  }
  return fail(Code::ResourceExhausted,
              "{} WASM programs run at once, each under a user id of its "
              "own; no more ids are left",
              users_.count);
}

void UserSlots::give_back(const WallsUser& user) {
  lent_.erase(user.uid);
}

WallsUser compiler_user(const WallsUsers& users) {
  return users.at(users.count - 1);
}

}  // namespace skrei::executor::wasm
