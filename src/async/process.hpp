// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"

namespace skrei::async {

class Loop;

/// How a process ended: by exit with `code`, or killed by `signal`.
struct ExitStatus {
  int code = 0;
  int signal = 0;

  bool success() const { return code == 0 && signal == 0; }
  /// "exit code 3" or "killed by signal 9".
  std::string describe() const;
  bool operator==(const ExitStatus&) const = default;
};

struct SpawnOptions {
  /// Path of the program; it is not looked up in PATH.
  std::filesystem::path program;
  /// argv, the program's name included.
  std::vector<std::string> arguments;
  /// The whole environment, "NAME=value".
  std::vector<std::string> environment;
  std::optional<std::filesystem::path> working_directory;

  /// The child's descriptor `child` is a copy of ours `parent`. 0, 1 and 2 are /dev/null unless
  /// given; the child has no other descriptor. Ours stay open and stay ours.
  struct Descriptor {
    int parent;
    int child;
  };
  std::vector<Descriptor> descriptors;

  /// Own: the child leads a process group, and kill() reaches the whole group.
  enum class Group { Shared, Own };
  Group group = Group::Own;
};

/// One child process. It starts with default signal dispositions and an empty signal mask.
///
/// All on the loop thread. Destruction kills it (SIGKILL) and reaps it, unless it was released.
class Process {
 public:
  /// NotFound, PermissionDenied… name the program; the child has already passed exec on success.
  static Result<std::unique_ptr<Process>> spawn(Loop& loop, SpawnOptions options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const;

  /// Waits for the end and reaps. Repeated calls give the same answer; one waiter at a time.
  /// Cancelled leaves the process running.
  Task<Result<ExitStatus>> wait();

  /// As wait(); after `limit` kills with SIGKILL, reaps, and answers DeadlineExceeded.
  Task<Result<ExitStatus>> wait_or_kill(Duration limit);

  /// Sends `signal`; nothing happens once the process has been reaped.
  Result<void> kill(int signal);

  /// The process lives on after this object.
  void release();

 private:
  struct State;
  explicit Process(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace skrei::async
