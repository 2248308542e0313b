// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "db/testing/power_cut_disk.hpp"

namespace skrei::db::testing {

class DiskHandle;

/// A file of the disk, with what SQLite's connections share about it.
struct PowerCutDisk::Node {
  DiskFile file;
  std::vector<DiskHandle*> handles = {};
  /// The -shm file: never on the platters, for its first user after a start empties it.
  std::vector<std::unique_ptr<std::array<char, 32768>>> shared_memory = {};
};

/// One file that SQLite, or a store itself, has open. Functions with an `int` give SQLite's codes.
class DiskHandle {
 public:
  DiskHandle(PowerCutDisk& disk, PowerCutDisk::NodePtr node, std::string path, int flags);
  ~DiskHandle();
  DiskHandle(const DiskHandle&) = delete;
  DiskHandle& operator=(const DiskHandle&) = delete;

  int read(std::span<std::uint8_t> into, std::size_t offset, std::size_t& got);
  int write(ByteView bytes, std::size_t offset);
  int truncate(std::size_t size);
  int sync();
  int size(std::int64_t& size);

  int lock(int level);
  int unlock(int level);
  int is_reserved(int& answer);
  int map_shared(int region, bool extend, void volatile** memory);
  int lock_shared(int first, int count, int flags);
  void unmap_shared();
  void barrier();

 private:
  int code(PowerCutDisk::Verdict verdict, int fault) const;

  PowerCutDisk& disk_;
  PowerCutDisk::NodePtr node_;
  std::string path_;
  int flags_;
  bool folder_synced_ = false;
  int level_ = SQLITE_LOCK_NONE;
  bool uses_shared_memory_ = false;
  unsigned shared_ = 0;  // One bit for each of the eight locks of shared memory.
  unsigned exclusive_ = 0;
};

/// SQLite's view of a disk, registered as long as it lives.
class DiskVfs {
 public:
  DiskVfs(PowerCutDisk& disk, const char* name);
  ~DiskVfs();
  DiskVfs(const DiskVfs&) = delete;
  DiskVfs& operator=(const DiskVfs&) = delete;

  int open(const char* path, sqlite3_file* file, int flags, int* out_flags);
  int remove(const char* path, bool sync_folder);
  int access(const char* path, int* answer);
  void randomness(std::span<std::uint8_t> bytes);

 private:
  PowerCutDisk& disk_;
  sqlite3_vfs vfs_{};
};

}  // namespace skrei::db::testing
