// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "executor/execution_file.hpp"
#include "executor/output_stream.hpp"
#include "executor/wasm/guest_end.hpp"
#include "executor/wasm/guest_run.hpp"
#include "executor/wasm/poller.hpp"
#include "executor/wasm/program_cache.hpp"
#include "executor/wasm/supervisor_protocol.hpp"
#include "executor/wasm/user_slots.hpp"

namespace skrei::executor::wasm {

/// The running programs of a supervisor: one forked child each. It owns their output streams and
/// exit records, and enforces what the child cannot: wall time, CPU time (by the child's own clock,
/// so exact to about a millisecond), output, and the sum of the result files (once a second and at
/// the end; a single file is bounded by RLIMIT_FSIZE at any moment). One thread.
class SupervisorRuns {
 public:
  struct Options {
    std::filesystem::path executions;
    OutputRetention retention;
    WallsLevel walls = WallsLevel::Landlock;
    /// Unset: programs run as the supervisor's own user.
    std::optional<UserSlots> users;
    /// Programs at once.
    std::size_t runs_max = 1024;
  };
  /// Called once for each program, after its exit record is written.
  using OnEnded = std::function<void(const ExecutionId&, const Exit&)>;

  /// Everything handed in outlives the object; `seccomp` may be null at level Weak.
  SupervisorRuns(Poller& poller, const Clock& clock, const SeccompProgram* seccomp, Options options,
                 OnEnded on_ended);
  ~SupervisorRuns();
  SupervisorRuns(const SupervisorRuns&) = delete;
  SupervisorRuns& operator=(const SupervisorRuns&) = delete;

  /// OK also for an id that was started before. Must be the process's only thread (asserted).
  Result<void> start(const StartProgram& start, const native::WasmProgram& program);

  /// Kills; the end comes when the child is gone. Nothing happens for an id that does not run or is
  /// being stopped for another reason.
  void stop(const ExecutionId& id, Stop stop);
  void stop_all(const Stop& stop);

  std::vector<ExecutionId> running() const;
  bool empty() const { return runs_.empty(); }

  /// When on_time() wants to be called next.
  std::optional<BootTime> next_deadline() const;
  void on_time();

 private:
  struct Stream;
  struct Run;

  Result<std::unique_ptr<Run>> prepare(const StartProgram& start, ExecutionFile file);
  Result<void> fork_child(Run& run, const StartProgram& start, const native::WasmProgram& program);
  Result<void> watch(Run& run);
  void on_output(Run& run, Stream& stream);
  Result<bool> read_once(Run& run, Stream& stream);
  void finish(Run& run);
  GuestEnd reap(Run& run);
  void check_limits(Run& run, BootTime now);
  void kill(Run& run, Stop stop);

  Poller& poller_;
  const Clock& clock_;
  const SeccompProgram* seccomp_;
  Options options_;
  OnEnded on_ended_;
  std::map<ExecutionId, std::unique_ptr<Run>> runs_;
  Bytes buffer_;
};

}  // namespace skrei::executor::wasm
