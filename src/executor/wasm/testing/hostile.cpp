// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/testing/hostile.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"

extern char** environ;

namespace skrei::executor::wasm::testing {
namespace {

int result_of(long returned) {
  return returned < 0 ? errno : 0;
}

int read_at(int folder, const std::string& path) {
  const UniqueFd file(openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno;
  char byte = 0;
  return result_of(read(file.get(), &byte, 1));
}

int create_at(int folder, const std::string& path) {
  const UniqueFd file(openat(folder, path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return errno;
  return result_of(write(file.get(), "x", 1));
}

// --- files ---------------------------------------------------------------------------------------

int open_passwd(const Scene&) {
  return read_at(AT_FDCWD, "/etc/passwd");
}
int read_store(const Scene& scene) {
  return read_at(AT_FDCWD, scene.store_file);
}
int list_root(const Scene&) {
  const UniqueFd folder(open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return errno;
  std::array<char, 1024> entries{};
  return result_of(syscall(SYS_getdents64, folder.get(), entries.data(), entries.size()));
}
int open_proc_self_root(const Scene&) {
  return read_at(AT_FDCWD, fmt::format("/proc/{}/root/etc/passwd", getpid()));
}
int open_by_proc_self_fd(const Scene& scene) {
  return read_at(AT_FDCWD, fmt::format("/proc/self/fd/{}", scene.secret_fd));
}
int climb_by_proc_self_fd(const Scene& scene) {
  return read_at(AT_FDCWD, fmt::format("/proc/self/fd/{}/../store/secret", scene.output_fd));
}
int open_proc_of_sibling(const Scene& scene) {
  return read_at(AT_FDCWD, fmt::format("/proc/{}/environ", scene.sibling));
}
int climb_from_folder(const Scene& scene) {
  return read_at(scene.output_fd, "../store/secret");
}
int list_parent_of_folder(const Scene& scene) {
  const UniqueFd parent(openat(scene.output_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return errno;
  // At level Namespaces ".." is an empty root: only the machine's own folder is an escape.
  struct stat above{};
  if (fstat(parent.get(), &above) != 0) return errno;
  return above.st_dev == scene.root_device && above.st_ino == scene.root_inode ? 0 : ENOENT;
}
int follow_symlink_out(const Scene& scene) {
  unlinkat(scene.output_fd, "link", 0);
  if (symlinkat("/etc/passwd", scene.output_fd, "link") != 0) return errno;
  return read_at(scene.output_fd, "link");
}
int follow_relative_symlink_out(const Scene& scene) {
  unlinkat(scene.output_fd, "relative", 0);
  if (symlinkat("../store/secret", scene.output_fd, "relative") != 0) return errno;
  return read_at(scene.output_fd, "relative");
}
int hard_link_in(const Scene& scene) {
  unlinkat(scene.output_fd, "hard", 0);
  return result_of(linkat(AT_FDCWD, scene.store_file.c_str(), scene.output_fd, "hard", 0));
}
int rename_in(const Scene& scene) {
  const std::string from = scene.root + "/movable";
  if (renameat(AT_FDCWD, from.c_str(), scene.output_fd, "moved") != 0) return errno;
  return result_of(renameat(scene.output_fd, "moved", AT_FDCWD, from.c_str()));
}
int write_cache(const Scene& scene) {
  return create_at(AT_FDCWD, scene.cache_dir + "/planted.cwasm");
}
int truncate_store(const Scene& scene) {
  return result_of(truncate(scene.store_file.c_str(), 3));
}
int write_input(const Scene& scene) {
  return create_at(scene.input_fd, "planted");
}
int remove_input(const Scene& scene) {
  if (unlinkat(scene.input_fd, "spare", 0) != 0) return errno;
  return create_at(scene.input_fd, "spare");
}
int use_inherited_fd(const Scene& scene) {
  char byte = 0;
  return result_of(pread(scene.secret_fd, &byte, 1, 0));
}
int make_device(const Scene& scene) {
  unlinkat(scene.output_fd, "mem", 0);
  return result_of(mknodat(scene.output_fd, "mem", S_IFCHR | 0600, makedev(1, 1)));
}
int make_fifo(const Scene& scene) {
  unlinkat(scene.output_fd, "fifo", 0);
  return result_of(mknodat(scene.output_fd, "fifo", S_IFIFO | 0600, 0));
}
int make_setuid(const Scene& scene) {
  if (const int error = create_at(scene.output_fd, "program")) return error;
  return result_of(fchmodat(scene.output_fd, "program", 04755, 0));
}

// --- other processes -----------------------------------------------------------------------------

int signal_sibling(const Scene& scene) {
  return result_of(kill(scene.sibling, SIGUSR1));
}
int signal_thread_of_sibling(const Scene& scene) {
  return result_of(syscall(SYS_tgkill, scene.sibling, scene.sibling, SIGUSR1));
}
int queue_signal_to_sibling(const Scene& scene) {
  return result_of(sigqueue(scene.sibling, SIGUSR1, {}));
}
int signal_by_pidfd(const Scene& scene) {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, scene.sibling, 0)));
  if (!process) return errno;
  return result_of(syscall(SYS_pidfd_send_signal, process.get(), SIGUSR1, nullptr, 0));
}
int trace_sibling(const Scene& scene) {
  return result_of(ptrace(PTRACE_SEIZE, scene.sibling, nullptr, nullptr));
}
int read_memory_of_sibling(const Scene& scene) {
  // The sibling was forked from the same program: this variable lies there at the same place.
  static const char kThere = 'x';
  char here = 0;
  const iovec local{.iov_base = &here, .iov_len = 1};
  const iovec remote{.iov_base = const_cast<char*>(&kThere), .iov_len = 1};
  return result_of(process_vm_readv(scene.sibling, &local, 1, &remote, 1, 0));
}
int change_priority_of_sibling(const Scene& scene) {
  return result_of(setpriority(PRIO_PROCESS, static_cast<id_t>(scene.sibling), 1));
}

// --- new processes and code ----------------------------------------------------------------------

int wait_for(pid_t child) {
  if (child < 0) return errno;
  return result_of(waitpid(child, nullptr, 0));
}
int try_fork(const Scene&) {
  const auto child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (child == 0) _exit(0);
  return wait_for(child);
}
#ifdef SYS_fork
int try_old_fork(const Scene&) {
  const auto child = static_cast<pid_t>(syscall(SYS_fork));
  if (child == 0) _exit(0);
  return wait_for(child);
}
#endif
int try_vfork(const Scene&) {
  const pid_t child = vfork();
  if (child == 0) _exit(0);
  return wait_for(child);
}
int try_clone3(const Scene&) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const auto child = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  if (child == 0) _exit(0);
  return wait_for(child);
}
int start_thread(const Scene&) {
  pthread_t thread{};
  const int error =
      pthread_create(&thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
  return error != 0 ? error : pthread_join(thread, nullptr);
}
int execute(const Scene&) {
  std::array<char*, 2> arguments = {const_cast<char*>("true"), nullptr};
  return result_of(execve("/bin/true", arguments.data(), environ));
}
int execute_memory(const Scene&) {
  const int program = static_cast<int>(syscall(SYS_memfd_create, "program", 0));
  if (program < 0) return errno;
  constexpr std::string_view kScript = "#!/bin/true\n";
  if (write(program, kScript.data(), kScript.size()) < 0) return errno;
  std::array<char*, 2> arguments = {const_cast<char*>("true"), nullptr};
  return result_of(syscall(SYS_execveat, program, "", arguments.data(), environ, AT_EMPTY_PATH));
}
int map_executable(const Scene&) {
  void* page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}
int make_memory_executable(const Scene&) {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  return result_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

// --- network -------------------------------------------------------------------------------------

int open_socket(int family, int type, int protocol = 0) {
  const UniqueFd made(socket(family, type | SOCK_CLOEXEC, protocol));
  return made ? 0 : errno;
}
int inet_socket(const Scene&) {
  return open_socket(AF_INET, SOCK_STREAM);
}
int inet6_datagram(const Scene&) {
  return open_socket(AF_INET6, SOCK_DGRAM);
}
int netlink_socket(const Scene&) {
  return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}
int unix_socket(const Scene&) {
  return open_socket(AF_UNIX, SOCK_STREAM);
}
int bind_abstract(const Scene& scene) {
  const UniqueFd made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made) return errno;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string name = fmt::format("skrei-walls-{}", scene.sibling);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(sizeof(sa_family_t) + 1 + name.size());
  return result_of(bind(made.get(), reinterpret_cast<const sockaddr*>(&address), size));
}
int socket_pair(const Scene&) {
  std::array<int, 2> ends{};
  return result_of(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()));
}

// --- rights and limits ---------------------------------------------------------------------------

int raise_limit(const Scene&) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
  limit.rlim_max += 1;
  return result_of(setrlimit(RLIMIT_NOFILE, &limit));
}
int change_limit_of_sibling(const Scene& scene) {
  rlimit limit{};
  if (getrlimit(RLIMIT_CORE, &limit) != 0) return errno;
  return result_of(prlimit(scene.sibling, RLIMIT_CORE, &limit, nullptr));
}
int become_root(const Scene&) {
  return result_of(syscall(SYS_setresuid, 0, 0, 0));
}
int mount_file_system(const Scene& scene) {
  if (mount("none", scene.output_dir.c_str(), "tmpfs", 0, nullptr) != 0) return errno;
  return result_of(umount2(scene.output_dir.c_str(), MNT_DETACH));
}
int change_root(const Scene& scene) {
  return result_of(chroot(scene.output_dir.c_str()));
}
int new_namespaces(const Scene&) {
  return result_of(unshare(CLONE_NEWUTS));
}
int new_user_namespace(const Scene&) {
  return result_of(unshare(CLONE_NEWUSER));
}
int become_dumpable(const Scene&) {
  return result_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

// --- wide doors of the kernel --------------------------------------------------------------------

int set_up_io_uring(const Scene&) {
  io_uring_params parameters{};
  const UniqueFd ring(static_cast<int>(syscall(SYS_io_uring_setup, 4, &parameters)));
  return ring ? 0 : errno;
}
int make_bpf_map(const Scene&) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  const UniqueFd map(
      static_cast<int>(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes)));
  return map ? 0 : errno;
}
int find_keyring(const Scene&) {
  return result_of(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
}
int watch_performance(const Scene&) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  const UniqueFd event(static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0)));
  return event ? 0 : errno;
}
int handle_page_faults(const Scene&) {
  const UniqueFd faults(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC)));
  return faults ? 0 : errno;
}
int share_memory(const Scene&) {
  const int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  if (segment < 0) return errno;
  return result_of(shmctl(segment, IPC_RMID, nullptr));
}
#ifdef __x86_64__
int call_as_i386(const Scene&) {
  long returned = 20;  // getpid
  asm volatile("int $0x80" : "+a"(returned) : : "memory", "r8", "r9", "r10", "r11");
  return returned > 0 ? 0 : static_cast<int>(-returned);
}
int call_as_x32(const Scene&) {
  return result_of(syscall(0x40000000 | SYS_getpid));
}
#endif

// --- honest work ---------------------------------------------------------------------------------

int read_input(const Scene& scene) {
  return read_at(scene.input_fd, "data");
}
int list_input(const Scene& scene) {
  const UniqueFd folder(openat(scene.input_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return errno;
  std::array<char, 1024> entries{};
  return result_of(syscall(SYS_getdents64, folder.get(), entries.data(), entries.size()));
}
int write_output(const Scene& scene) {
  return create_at(scene.output_fd, "result");
}
int work_in_output(const Scene& scene) {
  const int out = scene.output_fd;
  if (mkdirat(out, "a", 0700) != 0 || mkdirat(out, "b", 0700) != 0) return errno;
  if (const int error = create_at(out, "a/file")) return error;
  if (renameat(out, "a/file", out, "b/file") != 0) return errno;
  if (symlinkat("file", out, "b/link") != 0 || linkat(out, "b/file", out, "b/second", 0) != 0) {
    return errno;
  }
  struct stat status{};
  if (fstatat(out, "b/link", &status, 0) != 0) return errno;
  const UniqueFd file(openat(out, "b/file", O_RDWR | O_TRUNC | O_CLOEXEC));
  if (!file || ftruncate(file.get(), 100) != 0 || fsync(file.get()) != 0) return errno;
  if (unlinkat(out, "b/second", 0) != 0 || unlinkat(out, "b/link", 0) != 0 ||
      unlinkat(out, "b/file", 0) != 0 || unlinkat(out, "b", AT_REMOVEDIR) != 0) {
    return errno;
  }
  return result_of(unlinkat(out, "a", AT_REMOVEDIR));
}
int read_clock(const Scene&) {
  timespec now{};
  return result_of(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now));
}
int sleep_a_little(const Scene&) {
  const timespec time{.tv_sec = 0, .tv_nsec = 1000};
  return clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}
int draw_random(const Scene&) {
  std::uint64_t number = 0;
  return result_of(syscall(SYS_getrandom, &number, sizeof number, 0));
}
int use_memory(const Scene&) {
  constexpr std::size_t kSize = 1 << 20;
  void* space = mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (space == MAP_FAILED) return errno;
  if (mprotect(space, kSize, PROT_READ | PROT_WRITE) != 0) return errno;
  std::memset(space, 1, kSize);
  return result_of(munmap(space, kSize));
}
int signal_itself(const Scene&) {
  if (std::signal(SIGUSR1, SIG_IGN) == SIG_ERR) return errno;
  return std::raise(SIGUSR1) == 0 ? 0 : EPERM;
}
int duplicate_fd(const Scene& scene) {
  const UniqueFd copy(fcntl(scene.output_fd, F_DUPFD_CLOEXEC, 0));
  return copy ? 0 : errno;
}

constexpr auto kHostile = std::to_array<Attempt>({
    {"open /etc/passwd", open_passwd},
    {"read a file of the store", read_store, Bare::NeedsRoot},
    {"list /usr", list_root},
    {"open the passwords by /proc/self/root", open_proc_self_root},
    {"open /proc/self/fd/<secret>", open_by_proc_self_fd},
    {"open /proc/self/fd/<output>/../store", climb_by_proc_self_fd, Bare::NeedsRoot},
    {"open /proc/<sibling>/environ", open_proc_of_sibling, Bare::NeedsRoot},
    {"openat ../store from the output", climb_from_folder, Bare::NeedsRoot},
    {"openat .. from the output", list_parent_of_folder},
    {"follow a symlink to /etc/passwd", follow_symlink_out},
    {"follow a symlink to ../store", follow_relative_symlink_out, Bare::NeedsRoot},
    {"hard link a file of the store", hard_link_in, Bare::NeedsRoot},
    {"rename a foreign file into the output", rename_in, Bare::NeedsRoot},
    {"write into the compile cache", write_cache, Bare::NeedsRoot},
    {"truncate a file of the store", truncate_store, Bare::NeedsRoot},
    {"write into the input", write_input, Bare::NeedsRoot},
    {"replace a file of the input", remove_input, Bare::NeedsRoot},
    {"read an inherited descriptor", use_inherited_fd},
    {"make a device", make_device, Bare::NeedsRoot},
    {"make a FIFO", make_fifo},
    {"make a set-user-id file", make_setuid},
    {"kill(sibling)", signal_sibling, Bare::NeedsRoot},
    {"tgkill(sibling)", signal_thread_of_sibling, Bare::NeedsRoot},
    {"sigqueue(sibling)", queue_signal_to_sibling, Bare::NeedsRoot},
    {"pidfd_send_signal(sibling)", signal_by_pidfd, Bare::NeedsRoot},
    {"ptrace(sibling)", trace_sibling, Bare::NeedsRoot},
    {"process_vm_readv(sibling)", read_memory_of_sibling, Bare::NeedsRoot},
    {"setpriority(sibling)", change_priority_of_sibling, Bare::NeedsRoot},
    {"clone as fork", try_fork},
#ifdef SYS_fork
    {"fork", try_old_fork},
#endif
    {"vfork", try_vfork},
    {"clone3", try_clone3},
    {"start a thread", start_thread},
    {"execve /bin/true", execute},
    {"memfd_create and execveat", execute_memory},
    {"mmap writable and executable", map_executable},
    {"mprotect executable", make_memory_executable},
    {"socket inet", inet_socket},
    {"socket inet6 datagram", inet6_datagram, Bare::Unknown},
    {"socket netlink", netlink_socket},
    {"socket unix", unix_socket},
    {"bind an abstract socket", bind_abstract},
    {"socketpair", socket_pair},
    {"raise a limit", raise_limit, Bare::Unknown},
    {"prlimit(sibling)", change_limit_of_sibling, Bare::NeedsRoot},
    {"become root", become_root, Bare::NeedsRoot},
    {"mount", mount_file_system, Bare::NeedsRoot},
    {"chroot", change_root, Bare::NeedsRoot},
    {"unshare uts", new_namespaces, Bare::NeedsRoot},
    {"unshare user", new_user_namespace, Bare::Unknown},
    {"become dumpable", become_dumpable},
    {"io_uring_setup", set_up_io_uring, Bare::Unknown},
    {"bpf", make_bpf_map, Bare::Unknown},
    {"keyctl", find_keyring, Bare::Unknown},
    {"perf_event_open", watch_performance, Bare::Unknown},
    {"userfaultfd", handle_page_faults, Bare::Unknown},
    {"shmget", share_memory, Bare::Unknown},
#ifdef __x86_64__
    {"getpid by int 0x80", call_as_i386, Bare::Unknown},
    {"getpid in the manner of x32", call_as_x32, Bare::Unknown},
#endif
});

constexpr auto kHonest = std::to_array<Attempt>({
    {"read the input", read_input},
    {"list the input", list_input},
    {"write the output", write_output},
    {"make, move, link and remove in the output", work_in_output},
    {"clock", read_clock},
    {"sleep", sleep_a_little},
    {"random", draw_random},
    {"memory", use_memory},
    {"signal to itself", signal_itself},
    {"duplicate a descriptor", duplicate_fd},
});

}  // namespace

std::span<const Attempt> hostile_attempts() {
  return kHostile;
}

std::span<const Attempt> honest_attempts() {
  return kHonest;
}

}  // namespace skrei::executor::wasm::testing
