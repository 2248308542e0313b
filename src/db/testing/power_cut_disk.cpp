// SPDX-License-Identifier: Apache-2.0
#include "db/testing/power_cut_disk.hpp"

#include <atomic>
#include <ranges>

#include "base/assert.hpp"
#include "db/testing/disk_vfs.hpp"

namespace skrei::db::testing {
namespace {

std::string new_name() {
  static std::atomic<int> disks = 0;
  return fmt::format("power-cut-{}", ++disks);
}

std::string folder_of(std::string_view path) {
  return std::filesystem::path(path).parent_path().native();
}

std::unexpected<Error> failed(std::string_view path) {
  return fail(Code::Internal, "{}: the disk fails", path);
}

std::unexpected<Error> file_error(int code, std::string_view path) {
  if (code == SQLITE_FULL) return fail(Code::OutOfSpace, "{}: no space left on device", path);
  return failed(path);
}

/// A store's own file: the same handle that SQLite's files have.
class DiskStream final : public File {
 public:
  DiskStream(std::unique_ptr<DiskHandle> handle, std::string path)
      : handle_(std::move(handle)), path_(std::move(path)) {}

  Result<void> write_at(ByteView bytes, std::int64_t offset) override {
    return check(handle_->write(bytes, static_cast<std::size_t>(offset)));
  }
  Result<std::size_t> read_at(std::span<std::uint8_t> into, std::int64_t offset) override {
    std::size_t got = 0;
    TRY(check(handle_->read(into, static_cast<std::size_t>(offset), got)));
    return got;
  }
  Result<std::int64_t> size() override {
    std::int64_t size = 0;
    TRY(check(handle_->size(size)));
    return size;
  }
  Result<void> truncate(std::int64_t size) override {
    return check(handle_->truncate(static_cast<std::size_t>(size)));
  }
  Result<void> sync() override { return check(handle_->sync()); }

 private:
  Result<void> check(int code) const {
    if (code == SQLITE_OK) return {};
    return file_error(code, path_);
  }

  std::unique_ptr<DiskHandle> handle_;
  std::string path_;
};

}  // namespace

PowerCutDisk::PowerCutDisk(std::uint64_t seed, Syncs syncs)
    : random_(seed),
      syncs_(syncs),
      vfs_name_(new_name()),
      vfs_(std::make_unique<DiskVfs>(*this, vfs_name_.c_str())) {}

PowerCutDisk::~PowerCutDisk() = default;

std::uint64_t PowerCutDisk::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void PowerCutDisk::cut_at(std::uint64_t change) {
  const std::lock_guard lock(mutex_);
  cut_at_ = changes_ + change;
}

void PowerCutDisk::cut() {
  const std::lock_guard lock(mutex_);
  on_ = false;
}

bool PowerCutDisk::is_on() const {
  const std::lock_guard lock(mutex_);
  return on_;
}

PowerCutDisk::Names PowerCutDisk::surviving_names() {
  Names names = durable_names_;
  // As with bytes: none, all, the first few, or each by itself.
  const std::uint64_t choice = pick(random_, 4);
  std::size_t first = choice == 0 ? 0 : unsynced_names_.size();
  if (choice == 2) first = pick(random_, unsynced_names_.size() + 1);
  for (const auto& changes : std::views::take(unsynced_names_, first)) {
    if (choice == 3 && pick(random_, 2) == 0) continue;
    for (const NameChange& change : changes)
      names[change.name] = change.node;
  }
  std::erase_if(names, [](const auto& entry) { return entry.second == nullptr; });
  return names;
}

void PowerCutDisk::boot() {
  const std::lock_guard lock(mutex_);
  SKREI_ASSERT(!on_);
  SKREI_ASSERT(handles_ == 0);
  names_.clear();
  for (const auto& [name, node] : surviving_names())
    names_[name] = std::make_shared<Node>(DiskFile(node->file.survivor(random_)));
  durable_names_ = names_;
  unsynced_names_.clear();
  cut_at_.reset();
  fault_.reset();
  on_ = true;
}

void PowerCutDisk::fail_from(Call call, std::uint64_t nth) {
  const std::lock_guard lock(mutex_);
  fault_ = Fault{call, nth};
}

void PowerCutDisk::heal() {
  const std::lock_guard lock(mutex_);
  fault_.reset();
}

bool PowerCutDisk::is_on_after_change() {
  if (on_ && ++changes_ == cut_at_) on_ = false;
  return on_;
}

bool PowerCutDisk::hits(Call call) {
  if (!fault_ || fault_->call != call) return false;
  if (fault_->countdown > 1) {
    --fault_->countdown;
    return false;
  }
  return true;
}

void PowerCutDisk::change_names(std::vector<NameChange> changes) {
  for (const NameChange& change : changes) {
    if (change.node == nullptr) {
      names_.erase(change.name);
    } else {
      names_[change.name] = change.node;
    }
  }
  unsynced_names_.push_back(std::move(changes));
}

PowerCutDisk::Verdict PowerCutDisk::create(const std::string& path, bool replace, NodePtr& node) {
  if (const auto found = names_.find(path); found != names_.end()) {
    node = found->second;
    return replace ? truncate(*node, 0) : Verdict::Done;
  }
  node = std::make_shared<Node>();
  change_names({{path, node}});
  return is_on_after_change() ? Verdict::Done : Verdict::Off;
}

PowerCutDisk::Verdict PowerCutDisk::drop(const std::string& path) {
  change_names({{path, nullptr}});
  return is_on_after_change() ? Verdict::Done : Verdict::Off;
}

PowerCutDisk::Verdict PowerCutDisk::sync_names(std::string_view folder) {
  if (!is_on_after_change()) return Verdict::Off;
  if (hits(Call::Sync)) return Verdict::Fault;
  if (syncs_ == Syncs::Ignored) return Verdict::Done;
  std::erase_if(unsynced_names_, [&](const auto& changes) {
    if (folder_of(changes.front().name) != folder) return false;
    for (const NameChange& change : changes)
      durable_names_[change.name] = change.node;
    return true;
  });
  return Verdict::Done;
}

PowerCutDisk::Verdict PowerCutDisk::write(Node& node, ByteView bytes, std::size_t offset) {
  if (hits(Call::Write)) {
    node.file.write(bytes.first(pick(random_, bytes.size() + 1)), offset);
    return is_on_after_change() ? Verdict::Fault : Verdict::Off;
  }
  node.file.write(bytes, offset);
  return is_on_after_change() ? Verdict::Done : Verdict::Off;
}

PowerCutDisk::Verdict PowerCutDisk::truncate(Node& node, std::size_t size) {
  node.file.truncate(size);
  return is_on_after_change() ? Verdict::Done : Verdict::Off;
}

PowerCutDisk::Verdict PowerCutDisk::sync(Node& node) {
  // What the power leaves of a sync is what it leaves of the changes before it.
  if (!is_on_after_change()) return Verdict::Off;
  if (hits(Call::Sync)) {
    node.file.lose_unsynced(random_);
    return Verdict::Fault;
  }
  if (syncs_ == Syncs::Kept) node.file.sync();
  return Verdict::Done;
}

Result<std::unique_ptr<File>> PowerCutDisk::open(const std::filesystem::path& path, Open how) {
  NodePtr node;
  {
    const std::lock_guard lock(mutex_);
    if (!on_) return failed(path.native());
    if (how == Open::Existing && !names_.contains(path.native())) {
      return fail(Code::NotFound, "{}: no such file", path.native());
    }
    if (create(path.native(), how == Open::Replace, node) != Verdict::Done) {
      return failed(path.native());
    }
  }
  auto handle = std::make_unique<DiskHandle>(*this, std::move(node), path.native(), 0);
  return std::make_unique<DiskStream>(std::move(handle), path.native());
}

Result<void> PowerCutDisk::rename(const std::filesystem::path& from,
                                  const std::filesystem::path& to) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(from.native());
  if (!on_) return failed(from.native());
  if (found == names_.end()) return fail(Code::NotFound, "{}: no such file", from.native());
  change_names({{to.native(), found->second}, {from.native(), nullptr}});
  if (!is_on_after_change()) return failed(to.native());
  return {};
}

Result<void> PowerCutDisk::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (!on_) return failed(path.native());
  if (!names_.contains(path.native())) return {};
  if (drop(path.native()) != Verdict::Done) return failed(path.native());
  return {};
}

Result<void> PowerCutDisk::sync_folder(const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex_);
  if (!on_ || sync_names(folder.native()) != Verdict::Done) return failed(folder.native());
  return {};
}

Result<std::vector<std::string>> PowerCutDisk::list(const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex_);
  if (!on_) return failed(folder.native());
  std::vector<std::string> names;
  for (const std::string& name : std::views::keys(names_)) {
    const std::filesystem::path path = name;
    if (path.parent_path() == folder) names.push_back(path.filename().native());
  }
  return names;
}

}  // namespace skrei::db::testing
