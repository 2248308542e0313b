// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/walls_support.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/wasm/landlock.hpp"
#include "executor/wasm/namespaces.hpp"

namespace skrei::executor::wasm {
namespace {

// First choice: above the range that service managers give to containers (it ends at 1879048191).
// Second, where a container maps 65,536 ids only: the range of dynamic users.
constexpr std::array kUserRanges = {
    WallsUsers{.first = 1'879'048'192, .count = 65'536},
    WallsUsers{.first = 61'184, .count = 4'096},
};

/// Beside becoming another user: giving folders away, reading and removing what is in them
/// afterwards, and ending programs.
bool has_capabilities() {
  constexpr std::array kNeeded = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL};
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> have{};
  if (syscall(SYS_capget, &header, have.data()) != 0) return false;
  return std::ranges::all_of(
      kNeeded, [&](int capability) { return (have[0].effective >> capability & 1U) != 0; });
}

bool may_become(const WallsUsers& users) {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    const uid_t last = users.first + users.count - 1;
    const bool done = syscall(SYS_setgroups, 0, nullptr) == 0 &&
                      syscall(SYS_setresgid, last, last, last) == 0 &&
                      syscall(SYS_setresuid, last, last, last) == 0;
    _exit(done ? 0 : 1);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool has_seccomp() {
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

}  // namespace

WallsUser WallsUsers::at(unsigned slot) const {
  const uid_t id = first + slot % count;
  return {.uid = id, .gid = id};
}

WallsLevel WallsSupport::level() const {
  if (!seccomp) return WallsLevel::Weak;
  if (landlock_abi > 0) return WallsLevel::Landlock;
  return namespaces ? WallsLevel::Namespaces : WallsLevel::Weak;
}

std::string WallsSupport::summary() const {
  std::string text;
  switch (level()) {
    case WallsLevel::Landlock:
      text = fmt::format("WASM sandbox: Landlock (version {}) and seccomp", landlock_abi);
      break;
    case WallsLevel::Namespaces:
      text =
          "WASM sandbox: namespaces and seccomp; Landlock is missing (Linux 5.13 or newer with "
          "\"landlock\" in the kernel's lsm= list would make it stronger and faster)";
      break;
    case WallsLevel::Weak:
      text = seccomp ? "WASM sandbox is weak: neither Landlock nor namespaces can be used, so a "
                       "broken engine could read files; use Linux 5.13 or newer with \"landlock\" "
                       "in the kernel's lsm= list, or allow user namespaces"
                     : "WASM sandbox is weak: this kernel has no seccomp filters";
      break;
  }
  text += users ? fmt::format("; each execution has a user id of its own from {}", users->first)
                : "; executions run as the node's own user";
  return text;
}

WallsSupport probe_walls() {
  WallsSupport support;
  support.landlock_abi = landlock_abi();
  support.seccomp = has_seccomp();
  support.namespaces = namespaces_work();
  if (geteuid() == 0 && has_capabilities()) {
    for (const WallsUsers& users : kUserRanges) {
      if (!may_become(users)) continue;
      support.users = users;
      break;
    }
  }
  return support;
}

Result<WallsLevel> choose_level(const WallsSupport& support, WeakSandbox weak) {
  const WallsLevel level = support.level();
  if (level == WallsLevel::Weak && weak == WeakSandbox::Refuse) {
    return fail(Error{.code = Code::FailedPrecondition,
                      .message = support.summary(),
                      .hint = "start with --allow-weak-sandbox to run WASM jobs all the same"});
  }
  return level;
}

}  // namespace skrei::executor::wasm
