// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "executor/wasm/seccomp_program.hpp"
#include "executor/wasm/supervisor_protocol.hpp"
#include "executor/wasm/walls.hpp"
#include "native/wasm_run.hpp"

namespace skrei::executor::wasm {

/// What a child forked by the supervisor needs to run one program. All borrowed.
struct GuestRun {
  const StartProgram& start;
  const native::WasmProgram& program;
  const SeccompProgram* seccomp;
  WallsLevel walls;
  /// Whom the program becomes; unset: who we are.
  std::optional<WallsUser> user;
  pid_t supervisor;
  /// Write ends of pipes.
  int stdout_fd;
  int stderr_fd;
  int outcome_fd;
};

/// The life of the child after fork: drops what it inherited, opens folders, puts up the walls,
/// runs, writes the outcome, ends. Descriptors 0 and 1 are /dev/null.
[[noreturn]] void run_guest(const GuestRun& run);

/// What the child says at its end.
struct GuestOutcome {
  native::WasmOutcome run;
  /// A write was refused because the file would have become longer than the disk limit.
  bool file_too_long = false;
};

/// The form in which it goes through the pipe; short enough to fit into it at once.
Bytes encode_outcome(const GuestOutcome& outcome);
/// Empty unless it is whole.
std::optional<GuestOutcome> decode_outcome(ByteView bytes);

}  // namespace skrei::executor::wasm
