// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/seccomp_program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <memory>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace skrei::executor::wasm {
namespace {

using Filter =
    std::unique_ptr<void, decltype([](scmp_filter_ctx filter) { seccomp_release(filter); })>;

// Stands for the process's own number in the built program; install() puts that in its place.
constexpr std::uint32_t kOwnProcess = 0x5EEDF00D;

// Descriptors, memory, time, waiting, own state, end.
constexpr std::array kAllowed = {"read",
                                 "readv",
                                 "pread64",
                                 "preadv",
                                 "preadv2",
                                 "write",
                                 "writev",
                                 "pwrite64",
                                 "pwritev",
                                 "pwritev2",
                                 "lseek",
                                 "fstat",
                                 "fsync",
                                 "fdatasync",
                                 "ftruncate",
                                 "fallocate",
                                 "fadvise64",
                                 "getdents64",
                                 "close",
                                 "dup",
                                 "dup2",
                                 "dup3",
                                 "munmap",
                                 "mremap",
                                 "madvise",
                                 "brk",
                                 "clock_gettime",
                                 "clock_getres",
                                 "gettimeofday",
                                 "time",
                                 "nanosleep",
                                 "clock_nanosleep",
                                 "getrandom",
                                 "futex",
                                 "sched_yield",
                                 "poll",
                                 "ppoll",
                                 "select",
                                 "pselect6",
                                 "epoll_create1",
                                 "epoll_ctl",
                                 "epoll_wait",
                                 "epoll_pwait",
                                 "eventfd2",
                                 "restart_syscall",
                                 "rt_sigaction",
                                 "rt_sigprocmask",
                                 "rt_sigreturn",
                                 "sigaltstack",
                                 "rt_sigpending",
                                 "getpid",
                                 "gettid",
                                 "getppid",
                                 "getuid",
                                 "geteuid",
                                 "getgid",
                                 "getegid",
                                 "getrusage",
                                 "uname",
                                 "sysinfo",
                                 "sched_getaffinity",
                                 "exit",
                                 "exit_group"};

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SKREI_SANITIZED 1
#endif
#endif
#ifdef SKREI_SANITIZED
// UBSan looks whether memory can be read by writing it into a pipe.
constexpr std::array kAllowedToSanitizers = {"pipe", "pipe2"};
#endif

// Calls that take a path. What they reach is Landlock's to say (or the namespace's).
constexpr std::array kAllowedWithPaths = {"openat",   "openat2",   "newfstatat", "fstatat64",
                                          "statx",    "faccessat", "faccessat2", "readlinkat",
                                          "mkdirat",  "unlinkat",  "symlinkat",  "linkat",
                                          "renameat", "utimensat", "fstatfs"};

constexpr std::array kKilled = {
    // processes and threads
    "fork", "vfork", "clone", "clone3", "execve", "execveat",
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease",
    "pidfd_open", "pidfd_send_signal", "pidfd_getfd", "kcmp", "tkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    // sockets
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg",
    "sendmmsg", "recvmsg", "recvmmsg",
    // mounts and namespaces
    "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "unshare", "setns", "open_by_handle_at",
    "name_to_handle_at",
    // who we are
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "setgroups", "capset", "setrlimit", "personality",
    // wide doors of the kernel
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "io_setup", "io_submit",
    "fanotify_init", "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "iopl", "ioperm",
    "modify_ldt", "syslog", "memfd_secret", "pkey_mprotect", "remap_file_pages",
    // System V and POSIX objects that all processes share
    "shmget", "shmat", "semget", "msgget", "mq_open"};

// A library that meets ENOSYS here would try something that is killed, or give up.
constexpr std::array kNotPermitted = {"memfd_create",
                                      "mknodat",
                                      "mknod",
                                      "fchmod",
                                      "fchmodat",
                                      "chmod",
                                      "fchown",
                                      "fchownat",
                                      "chown",
                                      "lchown",
                                      "fsetxattr",
                                      "setxattr",
                                      "lsetxattr",
                                      "fremovexattr",
                                      "removexattr",
                                      "lremovexattr",
                                      "chdir",
                                      "fchdir",
                                      "setpriority",
                                      "sched_setscheduler",
                                      "sched_setparam",
                                      "sched_setattr",
                                      "sched_setaffinity",
                                      "ioprio_set",
                                      "sethostname",
                                      "setdomainname",
                                      "settimeofday",
                                      "clock_settime",
                                      "adjtimex",
                                      "clock_adjtime",
                                      "mlock",
                                      "mlock2",
                                      "mlockall",
                                      "setsid",
                                      "setpgid",
                                      "prctl",
                                      "seccomp"};

scmp_arg_cmp argument(unsigned index, scmp_compare compare, std::uint64_t value) {
  return {.arg = index, .op = compare, .datum_a = value, .datum_b = 0};
}

/// Whether the bits of `mask` in the argument are those of `value`.
scmp_arg_cmp bits(unsigned index, std::uint64_t mask, std::uint64_t value) {
  return {.arg = index, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

/// The kernel looks at the lower half of an argument of type int.
scmp_arg_cmp int_equals(unsigned index, std::uint64_t value) {
  return bits(index, 0xFFFF'FFFF, value);
}

/// Collects the first failure, so that rules read as a list.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  /// A name that this architecture or libseccomp does not know needs no rule: the default holds.
  void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> when = {}) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR || call < 0 || error_ != 0) return;
    error_ = seccomp_rule_add_array(filter_, action, call, static_cast<unsigned>(when.size()),
                                    when.begin());
    if (error_ != 0) failed_ = name;
  }

  template <class Names>
  void add_all(std::uint32_t action, const Names& names) {
    for (const char* name : names)
      add(action, name);
  }

  Result<void> result() const {
    if (error_ == 0) return {};
    return fail(errno_error(-error_, fmt::format("sandbox: call filter, {}", failed_)));
  }

 private:
  scmp_filter_ctx filter_;
  int error_ = 0;
  std::string failed_;
};

void add_conditional_rules(Rules& rules) {
  constexpr std::uint32_t kAllow = SCMP_ACT_ALLOW;

  // Memory may be written or executed, and executable memory is there before the walls.
  for (const char* name : {"mmap", "mprotect"}) {
    rules.add(kAllow, name, {bits(2, PROT_EXEC, 0)});
    rules.add(SCMP_ACT_KILL_PROCESS, name, {bits(2, PROT_EXEC, PROT_EXEC)});
  }
  // Signals to itself: abort().
  for (const char* name : {"kill", "tgkill"}) {
    rules.add(kAllow, name, {argument(0, SCMP_CMP_EQ, kOwnProcess)});
    rules.add(SCMP_ACT_KILL_PROCESS, name, {argument(0, SCMP_CMP_NE, kOwnProcess)});
  }
  for (const unsigned command : {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL}) {
    rules.add(kAllow, "fcntl", {int_equals(1, command)});
  }
  for (const std::uint64_t request : {FIONREAD, TCGETS, FIONBIO, FIOCLEX}) {
    rules.add(kAllow, "ioctl", {int_equals(1, request)});
  }
  // Limits may be read, never set.
  rules.add(kAllow, "getrlimit");
  rules.add(kAllow, "prlimit64", {int_equals(0, 0), argument(2, SCMP_CMP_EQ, 0)});
  rules.add(SCMP_ACT_ERRNO(EPERM), "prlimit64", {argument(2, SCMP_CMP_NE, 0)});
}

void add_path_rules(Rules& rules) {
  rules.add_all(SCMP_ACT_ALLOW, kAllowedWithPaths);
  // RENAME_WHITEOUT would make a device, RENAME_EXCHANGE has no use in WASI.
  constexpr std::uint64_t kNoReplace = 1;
  rules.add(SCMP_ACT_ALLOW, "renameat2", {int_equals(4, 0)});
  rules.add(SCMP_ACT_ALLOW, "renameat2", {int_equals(4, kNoReplace)});
}

Result<std::vector<sock_filter>> export_bpf(scmp_filter_ctx filter) {
  const UniqueFd file(memfd_create("skrei-seccomp", MFD_CLOEXEC));
  if (!file) return fail_errno("sandbox: call filter");
  if (const int error = seccomp_export_bpf(filter, file.get()); error != 0) {
    return fail(errno_error(-error, "sandbox: call filter"));
  }
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return fail_errno("sandbox: call filter");
  const auto size = static_cast<std::size_t>(status.st_size);
  std::vector<sock_filter> code(size / sizeof(sock_filter));
  if (pread(file.get(), code.data(), size, 0) != status.st_size) {
    return fail_errno("sandbox: call filter");
  }
  return code;
}

}  // namespace

Result<SeccompProgram> SeccompProgram::build(Profile profile) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return fail(Code::Internal, "sandbox: libseccomp does not know this machine");
  // A call in the manner of another architecture has no use but to confuse the filter. The binary
  // tree makes each call some 10 comparisons instead of 200.
  if (seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
      seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0) {
    return fail(Code::Internal, "sandbox: libseccomp is older than version 2.5");
  }
  Rules rules(filter.get());
  rules.add_all(SCMP_ACT_ALLOW, kAllowed);
#ifdef SKREI_SANITIZED
  rules.add_all(SCMP_ACT_ALLOW, kAllowedToSanitizers);
#endif
  rules.add_all(SCMP_ACT_KILL_PROCESS, kKilled);
  rules.add_all(SCMP_ACT_ERRNO(EPERM), kNotPermitted);
  add_conditional_rules(rules);
  if (profile == Profile::Guest) add_path_rules(rules);
  TRY(rules.result());
  TRY_ASSIGN(auto code, export_bpf(filter.get()));
  return SeccompProgram(std::move(code));
}

Result<void> SeccompProgram::install() const {
  std::vector<sock_filter> code = code_;
  for (sock_filter& instruction : code) {
    const bool comparison = BPF_CLASS(instruction.code) == BPF_JMP;
    if (comparison && instruction.k == kOwnProcess) {
      instruction.k = static_cast<std::uint32_t>(getpid());
    }
  }
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    if (errno == ENOSYS || errno == EINVAL) {
      return fail(Code::FailedPrecondition, "sandbox: this kernel takes no seccomp filter");
    }
    return fail_errno("sandbox: call filter");
  }
  return {};
}

}  // namespace skrei::executor::wasm
