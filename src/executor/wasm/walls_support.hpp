// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "executor/wasm/walls.hpp"

namespace skrei::executor::wasm {

/// User ids that no account has, one for each execution that runs at a time.
struct WallsUsers {
  uid_t first = 0;
  unsigned count = 0;

  /// The user of slot `slot` (taken modulo `count`); its group has the same number.
  WallsUser at(unsigned slot) const;

  bool operator==(const WallsUsers&) const = default;
};

/// What this machine lets this user build walls from.
struct WallsSupport {
  /// 0: no Landlock. 1: Linux 5.13; 2: rename between folders; 3: truncate; 4: TCP; 5: device
  /// ioctl; 6: signals and abstract sockets; 7: audit control.
  int landlock_abi = 0;
  bool seccomp = false;
  /// A new mount namespace can be made and its root exchanged.
  bool namespaces = false;
  /// Root only: ids that executions may become. Unset: they run as the node's own user.
  std::optional<WallsUsers> users;

  /// The best level; Weak where neither Landlock nor namespaces are there, or seccomp is not.
  WallsLevel level() const;

  /// For the log at start and `/readyz?verbose`: what stands, and what is missing with the remedy.
  std::string summary() const;

  bool operator==(const WallsSupport&) const = default;
};

/// Tries each wall in a child of its own; takes about a millisecond. May be called in a process
/// with threads.
WallsSupport probe_walls();

/// The level to use, or FailedPrecondition where it would be Weak and `weak_allowed` is No.
enum class WeakSandbox { Refuse, Allow };
Result<WallsLevel> choose_level(const WallsSupport& support, WeakSandbox weak);

}  // namespace skrei::executor::wasm
