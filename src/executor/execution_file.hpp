// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "executor/engine.hpp"
#include "executor/output_stream.hpp"

namespace skrei::executor {

/// Written before a program is started: that it may run, and what its engine needs to find it.
struct StartRecord {
  /// Name of the engine.
  std::string engine;
  WallTime started;
  /// The engine's own; empty if it needs nothing.
  Bytes state;

  bool operator==(const StartRecord&) const = default;
};

/// What an engine keeps of one execution, in one file: making and removing files is most of what a
/// short program costs a disk. It is `<id>.run` from start() to release(), then `<id>.out`, so that
/// a restarted node sees by the names alone what it has to look after. Bytes of the file:
///
///   0, 64   headers of stdout and stderr (output_stream.hpp)
///   128     StartRecord
///   2040    1 once the program may have begun
///   2048    Exit: there once the execution has ended, and both streams with it
///   32768   kept bytes of stdout, and behind them those of stderr
///
/// The records begin with a magic, a version and their length, and end with a checksum: one that is
/// being written reads as absent. Nothing is synced: the file outlives every process, and after a
/// power cut the programs are gone as well; a record that was lost or damaged by one reads as
/// absent, and the execution as lost.
class ExecutionFile {
 public:
  /// Makes or empties the file of an execution that is about to start. InvalidArgument unless `id`
  /// is 1 to 128 letters, digits, "-", "_" (so that it is one name).
  static Result<ExecutionFile> create(const std::filesystem::path& executions,
                                      const ExecutionId& id);
  /// Of an execution that was not released; NotFound if there is none.
  static Result<ExecutionFile> open(const std::filesystem::path& executions, const ExecutionId& id);
  /// Of any execution, to read it.
  static Result<ExecutionFile> open_to_read(const std::filesystem::path& executions,
                                            const ExecutionId& id);

  /// Executions of this engine that were not released, by id.
  static Result<std::vector<ExecutionId>> started(const std::filesystem::path& executions,
                                                  std::string_view engine);
  /// Executions that were released, the oldest first.
  static Result<std::vector<ExecutionId>> released(const std::filesystem::path& executions);

  /// Nothing happens to what was released before, or is not there.
  static Result<void> release(const std::filesystem::path& executions, const ExecutionId& id);
  /// Removes the file; success if it is not there.
  static Result<void> remove(const std::filesystem::path& executions, const ExecutionId& id);

  Result<void> write_start(const StartRecord& record) const;
  /// Empty if there is none. FailedPrecondition if a newer Skrei wrote it.
  Result<std::optional<StartRecord>> read_start() const;

  /// Before the process is made: without this mark the program never began.
  Result<void> mark_begun() const;
  Result<bool> has_begun() const;

  Result<void> write_exit(const Exit& exit) const;
  Result<std::optional<Exit>> read_exit() const;

  /// Borrows the file. One writer a stream.
  OutputWriter writer(OutputSource source, OutputRetention retention) const;
  Result<OutputReader> reader(OutputSource source) const;

 private:
  ExecutionFile(UniqueFd file, std::filesystem::path path);

  std::shared_ptr<const UniqueFd> file_;
  std::filesystem::path path_;
};

/// Exit as a part of other records.
class RecordWriter;
class RecordReader;
void put_exit(RecordWriter& writer, const Exit& exit);
Exit get_exit(RecordReader& reader);

}  // namespace skrei::executor
