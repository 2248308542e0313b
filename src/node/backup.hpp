// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/services.hpp"
#include "archive/tar_writer.hpp"
#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "base/hash.hpp"
#include "base/stream.hpp"
#include "content/embedded/embedded_store.hpp"
#include "node/data_dir.hpp"

// A backup is one tar:
//
//   node_id                      who the node is
//   jobs.db                      jobs, executions, history, keys, awarded executions
//   content/version, content/index.db, content/segments/…
//   VERSION                      of the data directory
//   manifest.json                last: versions, and of each file its size and SHA-256
//
// The copies of the two databases are consistent each, and the jobs' is older: what it says was
// published is in the content. Segments are append-only, so their bytes up to the end of that
// moment are a copy. Not in it: output streams of executions (their beginning is in jobs.db, their
// published form in the content), compiled modules, materialised inputs: they are made anew.

namespace skrei::node {

inline constexpr std::string_view kManifestName = "manifest.json";

/// What the manifest says.
struct BackupInfo {
  std::string node_id;
  std::string version;  ///< Of the Skrei that made it.
  WallTime created{};
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// A backup as a stream, pulled piece by piece. Holds open what it reads, so that nothing which is
/// removed meanwhile is missing in it. All functions block.
class BackupStream final : public api::PieceSource {
 public:
  struct Sources {
    const DataDir& data_dir;
    content::embedded::EmbeddedStore& content;
    /// What prepare() gave; holds a copy of the job store as "jobs.db". Removed by open().
    std::filesystem::path work;
    WallTime now{};
  };
  /// An empty folder below the data directory for the copies.
  static Result<std::filesystem::path> prepare(const DataDir& data_dir);

  /// Copies the index of the content beside the jobs and opens everything; then the work folder
  /// goes. OutOfSpace where there is no room for copies.
  static Result<std::unique_ptr<BackupStream>> open(const Sources& sources);

  /// About 1 MiB; empty once the archive is whole.
  Result<Bytes> next() override;

 private:
  struct Item {
    std::string path;
    std::uint64_t size = 0;
    std::shared_ptr<File> file;
  };
  BackupStream(std::vector<Item> items, std::string manifest_head);
  Result<void> step();
  std::string manifest() const;

  std::vector<Item> items_;
  std::string manifest_head_;
  Bytes out_;
  archive::TarWriter writer_;
  std::size_t item_ = 0;
  std::uint64_t done_ = 0;  // Bytes of the current item.
  std::unique_ptr<Sha256> digest_;
  std::map<std::string, std::string> digests_;  // In hex, by path.
  bool finished_ = false;
};

/// Reads a whole backup and compares each file with the manifest. FailedPrecondition says what is
/// missing, damaged or of a newer version. Blocks.
Result<BackupInfo> verify_backup(const std::filesystem::path& file);

/// Verifies, then unpacks into `data_dir`, which must be missing or empty (AlreadyExists). VERSION
/// comes last, after everything is synced: a folder without it is no data directory. On an error
/// what was written is removed. Blocks.
Result<BackupInfo> restore_backup(const std::filesystem::path& file,
                                  const std::filesystem::path& data_dir);

}  // namespace skrei::node
