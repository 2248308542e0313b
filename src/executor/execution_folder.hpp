// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "executor/engine.hpp"

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

/// What an engine keeps in the folder of one execution:
///
///   start            StartRecord: there from start() to release()
///   stdout, stderr   output_stream.hpp
///   exit             Exit: there once the execution has ended; whole or not at all
///
/// The records begin with a magic and a version and end with a checksum. They are not synced: they
/// outlive every process, and after a power cut the programs are gone as well; a record that was
/// lost or damaged by one reads as absent, and the execution as lost.
class ExecutionFolder {
 public:
  /// InvalidArgument unless `id` is 1 to 128 letters, digits, "-", "_" (so that it is one name).
  static Result<ExecutionFolder> of(const std::filesystem::path& executions, const ExecutionId& id);

  /// Executions with a start record of this engine, by id.
  static Result<std::vector<ExecutionId>> started(const std::filesystem::path& executions,
                                                  std::string_view engine);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path output(OutputSource source) const { return path_ / to_string(source); }

  /// Makes the folder, 0700, where it is missing.
  Result<void> make() const;

  Result<void> write_start(const StartRecord& record) const;
  /// Empty if there is none. FailedPrecondition if a newer Skrei wrote it.
  Result<std::optional<StartRecord>> read_start() const;
  Result<void> remove_start() const;

  /// (1) writes a temporary file, (2) renames it.
  Result<void> write_exit(const Exit& exit) const;
  Result<std::optional<Exit>> read_exit() const;

 private:
  explicit ExecutionFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

/// Exit as a part of other records.
class RecordWriter;
class RecordReader;
void put_exit(RecordWriter& writer, const Exit& exit);
Exit get_exit(RecordReader& reader);

}  // namespace skrei::executor
