// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"
#include "executor/wasm/seccomp_program.hpp"

/// The walls around a process that runs untrusted code: what it could do if the engine inside it
/// had fallen and the guest ran native code of its own.
///
/// Order, each step after what it would forbid and before what would forbid it:
///   1. close_fds_except()     nothing of the parent's stays open by accident
///   2. the caller opens       folders, output, the run itself (WasmProgram::prepare)
///   3. apply_walls()          namespaces or uid, rlimits (only down), no capabilities,
///                             no_new_privs, not dumpable, Landlock, seccomp
///   4. guest code
///
/// Why no namespaces where Landlock is there (measured on two cores, median added to a fork and
/// its wait): network +0.46 ms with a tail of 4 ms, mount +0.1 ms, user +0.04 ms. They would hide
/// what the guest has no system call for: no socket() means that a network namespace guards
/// nothing, no kill() or ptrace() the same for pid, no shmget() or mq_open() for ipc; and paths
/// are Landlock's. So they stand in only where Landlock is missing (namespaces.hpp). A pid
/// namespace would also cost a second fork, and is never used.
///
/// What Landlock leaves open: it guards what files hold and which exist where, but not stat(),
/// access(), readlink() and utimensat() of a path. So a fallen engine could ask whether a path
/// exists, how long and how old it is, as far as its user may; under an id of its own that ends at
/// the first folder that is closed to others, as the data directory is.
namespace skrei::executor::wasm {

enum class RootAccess { ReadOnly, ReadWrite };

/// An opened folder (or file) below which the process may open paths. Nothing below it may be
/// executed, nor may devices, sockets or FIFOs be made in it.
struct WallsRoot {
  int fd = -1;
  RootAccess access = RootAccess::ReadOnly;
};

/// What keeps the process from the machine's files.
enum class WallsLevel {
  Landlock,    ///< Needs Linux 5.13 with Landlock on.
  Namespaces,  ///< Own mount, network, ipc, uts (and, for an ordinary user, user) namespace.
  Weak,        ///< Neither: only seccomp, rlimits and the uid. Asked for by --allow-weak-sandbox.
};

std::string_view to_string(WallsLevel level);

/// Unset means: as inherited. Never raised above what is inherited.
struct WallsLimits {
  /// RLIMIT_DATA: private writable memory, all that the process has already included; address
  /// space that is only reserved does not count.
  std::optional<std::uint64_t> data_bytes_max;
  /// RLIMIT_CPU: SIGKILL a second after this; SIGXCPU before it.
  std::optional<std::uint64_t> cpu_seconds_max;
  /// RLIMIT_FSIZE: longest file. SIGXFSZ is ignored, so that the guest sees EFBIG.
  std::optional<std::uint64_t> file_bytes_max;
  /// RLIMIT_NOFILE: one more than the highest descriptor.
  std::optional<std::uint64_t> fds_max;
};

struct WallsUser {
  uid_t uid = 0;
  gid_t gid = 0;

  bool operator==(const WallsUser&) const = default;
};

struct WallsPlan {
  WallsLevel level = WallsLevel::Landlock;
  std::span<const WallsRoot> roots;
  WallsLimits limits;
  /// Whom to become; needs root (WallsSupport::users says which are free to use). Writable roots
  /// must belong to it. Unset: stay who we are.
  std::optional<WallsUser> user;
  /// The process is killed when the thread that forked it ends; 0: it outlives its parent.
  pid_t parent = 0;
  /// Built once in the parent; null only at level Weak on a kernel without seccomp.
  const SeccompProgram* seccomp = nullptr;
};

/// What was put up, and what each wall cost.
struct WallsReport {
  struct Wall {
    std::string_view name;
    std::chrono::nanoseconds cost{};
  };
  std::vector<Wall> walls;
  int landlock_abi = 0;

  std::chrono::nanoseconds total() const;
};

/// Closes every descriptor that is not in `kept`, 0, 1 and 2 too. First thing in the child.
Result<void> close_fds_except(std::span<const int> kept);

/// Puts up the walls around the calling process, for good. Only in a single-threaded process that
/// has nothing left to open. On an error some walls may stand: the process must end. Roots keep
/// their descriptor numbers; at level Namespaces they, and their duplicates, are opened anew.
Result<WallsReport> apply_walls(const WallsPlan& plan);

}  // namespace skrei::executor::wasm
