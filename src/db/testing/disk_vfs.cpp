// SPDX-License-Identifier: Apache-2.0
#include "db/testing/disk_vfs.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace skrei::db::testing {

DiskHandle::DiskHandle(PowerCutDisk& disk, PowerCutDisk::NodePtr node, std::string path, int flags)
    : disk_(disk), node_(std::move(node)), path_(std::move(path)), flags_(flags) {
  const std::lock_guard lock(disk_.mutex_);
  ++disk_.handles_;
  node_->handles.push_back(this);
}

DiskHandle::~DiskHandle() {
  unmap_shared();
  const std::lock_guard lock(disk_.mutex_);
  --disk_.handles_;
  std::erase(node_->handles, this);
  if ((flags_ & SQLITE_OPEN_DELETEONCLOSE) == 0 || path_.empty() || !disk_.on_) return;
  disk_.drop(path_);
}

int DiskHandle::code(PowerCutDisk::Verdict verdict, int fault) const {
  if (verdict == PowerCutDisk::Verdict::Done) return SQLITE_OK;
  return verdict == PowerCutDisk::Verdict::Off ? SQLITE_IOERR : fault;
}

int DiskHandle::read(std::span<std::uint8_t> into, std::size_t offset, std::size_t& got) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_READ;
  const ByteView bytes = node_->file.current();
  got = offset < bytes.size() ? std::min(into.size(), bytes.size() - offset) : 0;
  if (got > 0) std::memcpy(into.data(), bytes.data() + offset, got);
  return SQLITE_OK;
}

int DiskHandle::write(ByteView bytes, std::size_t offset) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_WRITE;
  return code(disk_.write(*node_, bytes, offset), SQLITE_FULL);
}

int DiskHandle::truncate(std::size_t size) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_TRUNCATE;
  return code(disk_.truncate(*node_, size), SQLITE_IOERR_TRUNCATE);
}

int DiskHandle::sync() {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_FSYNC;
  const int synced = code(disk_.sync(*node_), SQLITE_IOERR_FSYNC);
  // As SQLite's own VFS: with the first sync of a journal or log, its entry in the folder.
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  const bool made = (flags_ & kJournals) != 0 && (flags_ & SQLITE_OPEN_CREATE) != 0;
  if (synced != SQLITE_OK || !made || folder_synced_) return synced;
  folder_synced_ = true;
  const std::string folder = std::filesystem::path(path_).parent_path().native();
  return code(disk_.sync_names(folder), SQLITE_IOERR_DIR_FSYNC);
}

int DiskHandle::size(std::int64_t& size) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_FSTAT;
  size = static_cast<std::int64_t>(node_->file.current().size());
  return SQLITE_OK;
}

int DiskHandle::lock(int level) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_LOCK;
  if (level_ >= level) return SQLITE_OK;
  int others = SQLITE_LOCK_NONE;
  for (const DiskHandle* other : node_->handles)
    if (other != this) others = std::max(others, other->level_);
  if (level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
  if (level >= SQLITE_LOCK_RESERVED && others >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
  if (level == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
    level_ = SQLITE_LOCK_PENDING;
    return SQLITE_BUSY;
  }
  level_ = level;
  return SQLITE_OK;
}

int DiskHandle::unlock(int level) {
  const std::lock_guard lock(disk_.mutex_);
  level_ = std::min(level_, level);
  return SQLITE_OK;
}

int DiskHandle::is_reserved(int& answer) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  answer = std::ranges::any_of(node_->handles, [](const DiskHandle* handle) {
    return handle->level_ >= SQLITE_LOCK_RESERVED;
  });
  return SQLITE_OK;
}

int DiskHandle::map_shared(int region, bool extend, void volatile** memory) {
  const std::lock_guard lock(disk_.mutex_);
  *memory = nullptr;
  if (!disk_.on_) return SQLITE_IOERR_SHMMAP;
  uses_shared_memory_ = true;
  auto& regions = node_->shared_memory;
  const auto index = static_cast<std::size_t>(region);
  while (extend && regions.size() <= index)
    regions.push_back(std::make_unique<std::array<char, 32768>>());
  if (index < regions.size()) *memory = regions[index]->data();
  return SQLITE_OK;
}

int DiskHandle::lock_shared(int first, int count, int flags) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_SHMLOCK;
  const unsigned mask = ((1U << (first + count)) - 1) & ~((1U << first) - 1);
  const bool is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  unsigned& mine = is_exclusive ? exclusive_ : shared_;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    mine &= ~mask;
    return SQLITE_OK;
  }
  for (const DiskHandle* other : node_->handles) {
    if (other == this) continue;
    const unsigned taken = other->exclusive_ | (is_exclusive ? other->shared_ : 0);
    if ((taken & mask) != 0) return SQLITE_BUSY;
  }
  mine |= mask;
  return SQLITE_OK;
}

void DiskHandle::unmap_shared() {
  const std::lock_guard lock(disk_.mutex_);
  uses_shared_memory_ = false;
  shared_ = exclusive_ = 0;
  const bool is_used = std::ranges::any_of(
      node_->handles, [](const DiskHandle* handle) { return handle->uses_shared_memory_; });
  if (!is_used) node_->shared_memory.clear();
}

void DiskHandle::barrier() {
  // The lock is the barrier.
  const std::lock_guard lock(disk_.mutex_);
}

namespace {

struct VfsFile {
  sqlite3_file base;
  DiskHandle* handle;
};

DiskHandle& handle_of(sqlite3_file* file) {
  return *reinterpret_cast<VfsFile*>(file)->handle;
}

int close(sqlite3_file* file) {
  delete &handle_of(file);
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int length, sqlite3_int64 offset) {
  const std::span bytes(static_cast<std::uint8_t*>(into), static_cast<std::size_t>(length));
  std::size_t got = 0;
  const int code = handle_of(file).read(bytes, static_cast<std::size_t>(offset), got);
  if (code != SQLITE_OK || got == bytes.size()) return code;
  std::memset(bytes.data() + got, 0, bytes.size() - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* from, int length, sqlite3_int64 offset) {
  const ByteView bytes(static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(length));
  return handle_of(file).write(bytes, static_cast<std::size_t>(offset));
}

int size(sqlite3_file* file, sqlite3_int64* size) {
  std::int64_t bytes = 0;
  const int code = handle_of(file).size(bytes);
  *size = bytes;
  return code;
}

/// As SQLite's own VFS: a write leaves the bytes beside it alone, even in one sector.
int characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate =
        [](sqlite3_file* file, sqlite3_int64 size) {
          return handle_of(file).truncate(static_cast<std::size_t>(size));
        },
    .xSync = [](sqlite3_file* file, int) { return handle_of(file).sync(); },
    .xFileSize = size,
    .xLock = [](sqlite3_file* file, int level) { return handle_of(file).lock(level); },
    .xUnlock = [](sqlite3_file* file, int level) { return handle_of(file).unlock(level); },
    .xCheckReservedLock = [](sqlite3_file* file,
                             int* answer) { return handle_of(file).is_reserved(*answer); },
    .xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    .xSectorSize = [](sqlite3_file*) { return 4096; },
    .xDeviceCharacteristics = characteristics,
    .xShmMap =
        [](sqlite3_file* file, int region, int, int extend, void volatile** memory) {
          return handle_of(file).map_shared(region, extend != 0, memory);
        },
    .xShmLock = [](sqlite3_file* file, int first, int count,
                   int flags) { return handle_of(file).lock_shared(first, count, flags); },
    .xShmBarrier = [](sqlite3_file* file) { handle_of(file).barrier(); },
    .xShmUnmap =
        [](sqlite3_file* file, int) {
          handle_of(file).unmap_shared();
          return SQLITE_OK;
        },
};

DiskVfs& vfs_of(sqlite3_vfs* vfs) {
  return *static_cast<DiskVfs*>(vfs->pAppData);
}

int full_path(sqlite3_vfs*, const char* path, int size, char* into) {
  if (std::strlen(path) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::strcpy(into, path);
  return SQLITE_OK;
}

int fill_random(sqlite3_vfs* vfs, int length, char* into) {
  vfs_of(vfs).randomness({reinterpret_cast<std::uint8_t*>(into), static_cast<std::size_t>(length)});
  return length;
}

/// Of the machine: only how long a connection waits for another's lock depends on it.
sqlite3_vfs* system_vfs() {
  return sqlite3_vfs_find(nullptr);
}

}  // namespace

DiskVfs::DiskVfs(PowerCutDisk& disk, const char* name) : disk_(disk) {
  vfs_ = {
      .iVersion = 1,
      .szOsFile = sizeof(VfsFile),
      .mxPathname = 512,
      .zName = name,
      .pAppData = this,
      .xOpen = [](sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
                  int* out) { return vfs_of(vfs).open(path, file, flags, out); },
      .xDelete = [](sqlite3_vfs* vfs, const char* path,
                    int sync_folder) { return vfs_of(vfs).remove(path, sync_folder != 0); },
      .xAccess = [](sqlite3_vfs* vfs, const char* path, int,
                    int* answer) { return vfs_of(vfs).access(path, answer); },
      .xFullPathname = full_path,
      .xRandomness = fill_random,
      .xSleep = [](sqlite3_vfs*, int us) { return system_vfs()->xSleep(system_vfs(), us); },
      .xCurrentTime = [](sqlite3_vfs*,
                         double* days) { return system_vfs()->xCurrentTime(system_vfs(), days); },
      .xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; },
  };
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/0);
}

DiskVfs::~DiskVfs() {
  sqlite3_vfs_unregister(&vfs_);
}

int DiskVfs::open(const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;  // SQLite closes what has methods, opened or not.
  PowerCutDisk::NodePtr node;
  {
    const std::lock_guard lock(disk_.mutex_);
    if (!disk_.on_) return SQLITE_IOERR;
    const bool is_there = path != nullptr && disk_.names_.contains(path);
    if (is_there && (flags & SQLITE_OPEN_EXCLUSIVE) != 0) return SQLITE_CANTOPEN;
    if (path == nullptr) {
      node = std::make_shared<PowerCutDisk::Node>();
    } else if (!is_there && (flags & SQLITE_OPEN_CREATE) == 0) {
      return SQLITE_CANTOPEN;
    } else if (disk_.create(path, /*replace=*/false, node) != PowerCutDisk::Verdict::Done) {
      return SQLITE_IOERR;
    }
  }
  auto* opened = reinterpret_cast<VfsFile*>(file);
  opened->handle =
      new DiskHandle(disk_, std::move(node), path == nullptr ? std::string() : path, flags);
  opened->base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int DiskVfs::remove(const char* path, bool sync_folder) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_DELETE;
  if (!disk_.names_.contains(path)) return SQLITE_IOERR_DELETE_NOENT;
  if (disk_.drop(path) != PowerCutDisk::Verdict::Done) return SQLITE_IOERR_DELETE;
  if (!sync_folder) return SQLITE_OK;
  const std::string folder = std::filesystem::path(path).parent_path().native();
  return disk_.sync_names(folder) == PowerCutDisk::Verdict::Done ? SQLITE_OK
                                                                 : SQLITE_IOERR_DIR_FSYNC;
}

int DiskVfs::access(const char* path, int* answer) {
  const std::lock_guard lock(disk_.mutex_);
  if (!disk_.on_) return SQLITE_IOERR_ACCESS;
  // As SQLite's own VFS: an empty file counts as none.
  const auto found = disk_.names_.find(path);
  *answer = found != disk_.names_.end() && !found->second->file.current().empty() ? 1 : 0;
  return SQLITE_OK;
}

void DiskVfs::randomness(std::span<std::uint8_t> bytes) {
  const std::lock_guard lock(disk_.mutex_);
  disk_.random_.fill(bytes);
}

}  // namespace skrei::db::testing
