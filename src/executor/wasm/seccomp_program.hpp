// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <linux/filter.h>

#include "base/result.hpp"

namespace skrei::executor::wasm {

/// A system-call filter as BPF, compiled once (libseccomp takes milliseconds) and installed in
/// many children (microseconds). A value; may be shared by threads.
///
/// Deny by default, in three grades:
///   allowed   what WASI file calls, clocks, memory and exit need, and no more
///   ENOSYS    not needed; libraries have a way without it
///   EPERM     (EPERM where ENOSYS would mislead them)
///   killed    nobody inside the walls has an honest use for it: new processes and threads, exec,
///             sockets, signals to others, ptrace, foreign memory, mounts, namespaces, ids,
///             io_uring, bpf, keys, executable memory. The process dies with SIGSYS.
class SeccompProgram {
 public:
  /// Guest: a run. Compiler: the same without any call that takes a path.
  enum class Profile { Guest, Compiler };

  /// Internal if libseccomp does not know this machine.
  static Result<SeccompProgram> build(Profile profile);

  /// Filters the calling process from now on, for good. no_new_privs must be set.
  /// FailedPrecondition on a kernel without seccomp filters.
  Result<void> install() const;

  std::size_t instructions() const { return code_.size(); }

 private:
  explicit SeccompProgram(std::vector<sock_filter> code) : code_(std::move(code)) {}

  std::vector<sock_filter> code_;
};

}  // namespace skrei::executor::wasm
