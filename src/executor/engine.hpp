// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "executor/output_stream.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"

namespace skrei::executor {

enum class Access { ReadOnly, ReadWrite };

/// A prepared input: a file or a folder of the host that the program sees at `target`.
struct InputMount {
  std::filesystem::path host_path;
  std::string target;
  Access access = Access::ReadOnly;

  bool operator==(const InputMount&) const = default;
};

/// An empty folder of the host that the program fills, seen at `target`.
struct ResultMount {
  std::string name;
  std::string target;
  std::filesystem::path host_folder;

  bool operator==(const ResultMount&) const = default;
};

/// What one execution may use; 0 means no limit of its own.
struct Limits {
  std::uint64_t memory_bytes = 0;
  /// Bytes in all result folders together, by the length of the files.
  std::uint64_t disk_bytes = 0;
  std::chrono::microseconds cpu_time{0};
  std::chrono::microseconds wall_time{0};
  /// Bytes to stdout and stderr together. A program is stopped by its output only if this is set.
  std::uint64_t output_bytes = 0;

  bool operator==(const Limits&) const = default;
};

/// One run of a program. The arguments are part of the engine's parameters.
struct ExecutionSpec {
  ExecutionId id;
  model::SpecConfig engine;
  model::StringMap env;
  std::vector<InputMount> inputs;
  std::vector<ResultMount> results;
  Limits limits;

  bool operator==(const ExecutionSpec&) const = default;
};

enum class ExitKind {
  Exited,         ///< The program ended by itself; `exit_code` is its own, zero or not.
  Trapped,        ///< The program broke a rule of its machine.
  LimitExceeded,  ///< It was stopped at the limit that `limit` names.
  Cancelled,      ///< It was stopped by cancel().
  NodeFault,      ///< The node failed, not the program: the work may be tried again.
  NotStarted,     ///< The node failed before the program had begun: nothing of it happened.
};

std::string_view to_string(ExitKind kind);

enum class LimitKind { None, Memory, CpuTime, WallTime, Disk, Output };

std::string_view to_string(LimitKind kind);

/// How an execution ended.
struct Exit {
  ExitKind kind = ExitKind::NodeFault;
  LimitKind limit = LimitKind::None;
  /// Meaningful for ExitKind::Exited.
  int exit_code = 0;
  /// Empty for Exited; else a sentence for the job's owner:
  /// "memory: used 2 of 2GiB; try --memory 3GiB".
  std::string message;
  /// `memory_bytes` is what the memory limit counts: linear memory for WASM.
  model::PeakUsage peak;
  /// Largest resident set of the processes, code and shared pages of the engine included; 0 if the
  /// engine starts none.
  std::uint64_t resident_peak_bytes = 0;
  WallTime started;
  WallTime ended;

  bool operator==(const Exit&) const = default;
};

enum class OutputSource { Stdout, Stderr };

/// "stdout", "stderr".
std::string_view to_string(OutputSource source);

/// Which piece of an execution's output is wanted.
struct OutputRequest {
  ExecutionId id;
  OutputSource source = OutputSource::Stdout;
  std::uint64_t offset = 0;
  std::size_t max_bytes = 256 << 10;
  Framing framing = Framing::Exact;
};

struct CancelRequest {
  /// Becomes the message of the Exit.
  std::string reason;
  /// Time between the polite signal and the kill. An engine whose programs cannot hear a signal
  /// (WASM, noop) stops them at once.
  Duration grace = std::chrono::seconds(10);
};

enum class FoundState { Running, Ended };

/// An execution that was started before this Engine object was made and not yet released.
struct FoundExecution {
  ExecutionId id;
  FoundState state = FoundState::Running;

  bool operator==(const FoundExecution&) const = default;
};

/// What runs programs. One object per kind of engine and node; all calls on the loop thread.
///
/// **Order.** recover() once, before anything else; then per execution start(), any number of
/// wait(), cancel() and output calls in any order and at the same time, and in the end release().
/// check() at any time. stop() last; running programs are left alone by it.
///
/// **Files.** The engine is made with the folder of all executions, and keeps there what belongs to
/// one under names that begin with "<id>." (execution_file.hpp). `<folder>/<id>` is the caller's.
/// After release() the execution's file alone is left, for its output; the caller removes it when
/// the output is not wanted any more. Inputs and result folders are the caller's and must stay
/// until the execution has ended. After the end no process of the program is left that could change
/// them.
///
/// **Restart.** Programs outlive the Engine object and, where the engine has processes, the node.
/// recover() finds each execution that was started and not released, wherever it stands. What has
/// ended meanwhile keeps its Exit. What was lost (the machine or the engine went down) ends as
/// NodeFault. An id is run at most once: to try again is a new execution with a new id.
///
/// **Cancelling the caller's task** gives up waiting; the program goes on.
class Engine {
 public:
  virtual ~Engine() = default;

  /// As it stands in jobs: "wasm".
  virtual std::string_view name() const = 0;

  /// Whether this engine can run the task, as far as can be said without its inputs:
  /// InvalidArgument or FailedPrecondition with a sentence for the user.
  virtual Result<void> check(const model::Task& task) const = 0;

  /// Finds what earlier runs of the node left. Unavailable if the engine cannot be reached.
  virtual async::Task<Result<std::vector<FoundExecution>>> recover() = 0;

  /// Returns when the program runs. Idempotent: for an id that was started before it changes
  /// nothing and answers OK, also when that one has ended. An error means nothing runs and nothing
  /// is kept: InvalidArgument and FailedPrecondition are the job's fault (a bad module), codes with
  /// is_retryable() are the node's.
  virtual async::Task<Result<void>> start(ExecutionSpec spec) = 0;

  /// Suspends until the execution has ended; any number of callers, and again after the end.
  /// NotFound for an id that is not known or was released.
  virtual async::Task<Result<Exit>> wait(ExecutionId id) = 0;

  /// Stops the program. Returns when that is on its way; the end is seen by wait(), as Cancelled
  /// unless the program ended otherwise before. OK for what has ended; NotFound as wait().
  virtual async::Task<Result<void>> cancel(ExecutionId id, CancelRequest request) = 0;

  /// Forgets an execution that has ended: recover() will not find it. Its output stays readable
  /// while its file exists. FailedPrecondition while it runs; OK for an unknown id.
  virtual async::Task<Result<void>> release(ExecutionId id) = 0;

  /// A piece of the output, now. May be empty. Works without recover(), from the files alone.
  virtual async::Task<Result<OutputChunk>> read_output(OutputRequest request) = 0;

  /// As read_output(), but suspends until there is something at the offset or the stream ended.
  virtual async::Task<Result<OutputChunk>> follow_output(OutputRequest request) = 0;

  /// Ends the engine's own tasks. Waiters get Unavailable. Programs go on.
  virtual async::Task<void> stop() = 0;
};

}  // namespace skrei::executor
