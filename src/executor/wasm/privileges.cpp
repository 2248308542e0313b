// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/privileges.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skrei::executor::wasm {
namespace {

Result<void> lower(__rlimit_resource resource, std::uint64_t wanted, std::string_view name) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return fail_errno(fmt::format("sandbox: {}", name));
  limit.rlim_cur = std::min<rlim_t>({limit.rlim_cur, limit.rlim_max, wanted});
  limit.rlim_max = std::min<rlim_t>(limit.rlim_max, wanted);
  if (setrlimit(resource, &limit) != 0) return fail_errno(fmt::format("sandbox: {}", name));
  return {};
}

Result<void> lower_cpu(std::uint64_t seconds) {
  TRY(lower(RLIMIT_CPU, seconds + 1, "RLIMIT_CPU"));
  rlimit limit{};
  if (getrlimit(RLIMIT_CPU, &limit) != 0) return fail_errno("sandbox: RLIMIT_CPU");
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, seconds);
  if (setrlimit(RLIMIT_CPU, &limit) != 0) return fail_errno("sandbox: RLIMIT_CPU");
  return {};
}

}  // namespace

Result<void> become(const WallsUser& user) {
  if (setgroups(0, nullptr) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
      setresuid(user.uid, user.uid, user.uid) != 0) {
    return fail_errno(fmt::format("sandbox: becoming user {}", user.uid));
  }
  return {};
}

Result<void> lower_rlimits(const WallsLimits& limits) {
  TRY(lower(RLIMIT_CORE, 0, "RLIMIT_CORE"));
  TRY(lower(RLIMIT_MEMLOCK, 0, "RLIMIT_MEMLOCK"));
  TRY(lower(RLIMIT_MSGQUEUE, 0, "RLIMIT_MSGQUEUE"));
  TRY(lower(RLIMIT_NPROC, 0, "RLIMIT_NPROC"));
  if (limits.data_bytes_max) TRY(lower(RLIMIT_DATA, *limits.data_bytes_max, "RLIMIT_DATA"));
  if (limits.cpu_seconds_max) TRY(lower_cpu(*limits.cpu_seconds_max));
  if (limits.fds_max) TRY(lower(RLIMIT_NOFILE, *limits.fds_max, "RLIMIT_NOFILE"));
  if (limits.file_bytes_max) {
    TRY(lower(RLIMIT_FSIZE, *limits.file_bytes_max, "RLIMIT_FSIZE"));
    if (std::signal(SIGXFSZ, SIG_IGN) == SIG_ERR) return fail_errno("sandbox: SIGXFSZ");
  }
  return {};
}

Result<void> drop_privileges() {
  // The bounding set goes first: that needs a capability. An ordinary user has none to take away,
  // and no_new_privs makes the set meaningless there.
  for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
       ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EPERM) break;
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return fail_errno("sandbox: ambient capabilities");
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  if (syscall(SYS_capset, &header, none.data()) != 0) return fail_errno("sandbox: capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("sandbox: no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("sandbox: dumpable");
  return {};
}

Result<void> die_with(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return fail_errno("sandbox: parent's death");
  if (getppid() != parent) {
    return fail(Code::Cancelled, "sandbox: the process that started this one has ended");
  }
  return {};
}

}  // namespace skrei::executor::wasm
