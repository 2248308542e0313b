// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/random.hpp"
#include "db/medium.hpp"
#include "db/testing/disk_file.hpp"

namespace skrei::db::testing {

/// A disk in memory whose power can be cut, seen by stores as a file system and by SQLite as a VFS
/// that behaves as SQLite's own for Unix does: what it syncs and when, the folder included.
///
/// It keeps apart what was written and what was synced, for the bytes of files (disk_file.hpp) and
/// for the entries of folders. When the power goes, every call fails from then on; boot() starts on
/// what the platters hold, which is what was synced and a choice, by the seed, of the rest. Shared
/// memory (-shm) and locks are gone with the power.
///
/// Thread-safe. What one life opened is closed before the next begins, and before the disk goes.
class PowerCutDisk final : public FileSystem {
 public:
  /// `Ignored` plants the bug that the tests must find: a sync answers and does nothing.
  enum class Syncs { Kept, Ignored };
  /// What a fault can hit.
  enum class Call { Write, Sync };

  explicit PowerCutDisk(std::uint64_t seed, Syncs syncs = Syncs::Kept);
  ~PowerCutDisk() override;

  /// For Options::medium of a store; valid as long as the disk.
  Medium medium() { return {.files = this, .vfs = vfs_name_.c_str()}; }

  /// Changes asked for so far: writes, truncations, syncs, changes of folders.
  std::uint64_t changes() const;
  /// The power goes in the midst of the `change`-th change from now; 1 is the next.
  void cut_at(std::uint64_t change);
  void cut();
  bool is_on() const;
  /// Starts again after a cut.
  void boot();

  /// The `nth` such call from now fails, 1 being the next, and all such calls after it: a write as
  /// on a full disk, a sync as on a failing one.
  void fail_from(Call call, std::uint64_t nth);
  void heal();

  Result<std::unique_ptr<File>> open(const std::filesystem::path& path, Open how) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> sync_folder(const std::filesystem::path& folder) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& folder) override;

 private:
  friend class DiskHandle;
  friend class DiskVfs;
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePtr, std::less<>>;
  /// `name` now means `node`; null: nothing.
  struct NameChange {
    std::string name;
    NodePtr node;
  };
  struct Fault {
    Call call;
    std::uint64_t countdown;
  };
  enum class Verdict { Done, Off, Fault };

  /// Counts a change; Off if the power is gone, or goes with this one.
  bool is_on_after_change();
  bool hits(Call call);
  void change_names(std::vector<NameChange> changes);
  Verdict create(const std::string& path, bool replace, NodePtr& node);
  Verdict drop(const std::string& path);
  Verdict sync_names(std::string_view folder);
  Verdict write(Node& node, ByteView bytes, std::size_t offset);
  Verdict truncate(Node& node, std::size_t size);
  Verdict sync(Node& node);
  Names surviving_names();

  mutable std::mutex mutex_;
  SeededRandom random_;
  Syncs syncs_;
  std::string vfs_name_;
  std::unique_ptr<class DiskVfs> vfs_;
  bool on_ = true;
  std::size_t handles_ = 0;
  std::uint64_t changes_ = 0;
  std::optional<std::uint64_t> cut_at_;
  std::optional<Fault> fault_;
  Names names_;
  Names durable_names_;
  /// Each a set that takes effect as one (a rename is two).
  std::vector<std::vector<NameChange>> unsynced_names_;
};

}  // namespace skrei::db::testing
