// SPDX-License-Identifier: Apache-2.0
#include "content/export.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/open_beneath.hpp"

namespace skrei::content {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceSize = std::size_t{64} << 10;

/// Writes entries below one folder.
class TreeWriter {
 public:
  TreeWriter(UniqueFd folder, Permissions permissions)
      : folder_(std::move(folder)), permissions_(permissions) {}

  Result<void> add(BlockSource& source, const Entry& entry, const fs::path& path,
                   BudgetMeter& meter) {
    TRY_ASSIGN(const UniqueFd parent, open_parent(path));
    const std::string name = path.filename();
    ++size_.entries;
    switch (entry.kind) {
      case EntryKind::Folder:
        if (::mkdirat(parent.get(), name.c_str(), 0700) != 0) return fail_errno(path.native());
        folders_.push_back(path);
        return {};
      case EntryKind::Symlink:
        if (::symlinkat(entry.link_target.c_str(), parent.get(), name.c_str()) != 0) {
          return fail_errno(path.native());
        }
        return {};
      case EntryKind::File:
        return add_file(source, entry, path, parent.get(), meter);
    }
    std::unreachable();
  }

  /// Folders get their rights last: a read-only one takes no entries.
  Result<TreeSize> finish() {
    const mode_t mode = permissions_ == Permissions::ReadOnly ? 0555 : 0755;
    for (auto path = folders_.rbegin(); path != folders_.rend(); ++path) {
      TRY_ASSIGN(const UniqueFd folder, open_beneath(folder_.get(), *path, O_RDONLY | O_DIRECTORY));
      if (::fchmod(folder.get(), mode) != 0) return fail_errno(path->native());
    }
    return size_;
  }

 private:
  Result<UniqueFd> open_parent(const fs::path& path) {
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    return open_beneath(folder_.get(), parent, O_PATH | O_DIRECTORY);
  }

  Result<void> add_file(BlockSource& source, const Entry& entry, const fs::path& path, int parent,
                        BudgetMeter& meter) {
    const UniqueFd file(::openat(parent, path.filename().c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail_errno(path.native());
    FileReader reader(source, entry);
    while (true) {
      TRY_ASSIGN(const Bytes bytes, reader.next());
      if (bytes.empty()) break;
      TRY(meter.charge_bytes(bytes.size()));
      TRY(write_all(file.get(), bytes, path.native()));
      size_.bytes += bytes.size();
    }
    const mode_t mode = permissions_ == Permissions::ReadOnly ? 0444 : 0644;
    if (::fchmod(file.get(), mode) != 0) return fail_errno(path.native());
    return {};
  }

  UniqueFd folder_;
  Permissions permissions_;
  std::vector<fs::path> folders_;
  TreeSize size_;
};

Result<TreeSize> write_tree(BlockSource& source, const multi::Cid& root, const fs::path& target,
                            Budget budget, Permissions permissions) {
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  TRY_ASSIGN(UniqueFd folder, open_file(parent, O_RDONLY | O_DIRECTORY));
  TreeWriter writer(std::move(folder), permissions);
  TreeWalker walker(source, root, budget);
  while (true) {
    TRY_ASSIGN(const auto entry, walker.next());
    if (!entry) return writer.finish();
    fs::path path = target.filename();
    if (!entry->path.empty()) path /= entry->path;
    TRY(writer.add(source, *entry, path, walker.meter()));
  }
}

/// Opened without links on the way, made writable and emptied.
Result<void> remove_entries(int folder, const std::string& name) {
  const UniqueFd inner(
      ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inner) {
    if (errno == ENOENT) return {};
    if (errno != ENOTDIR && errno != ELOOP) return fail_errno(name);
    if (::unlinkat(folder, name.c_str(), 0) != 0) return fail_errno(name);
    return {};
  }
  if (::fchmod(inner.get(), 0700) != 0) return fail_errno(name);
  std::error_code error;
  const fs::path self = fmt::format("/proc/self/fd/{}", inner.get());
  for (const auto& entry : fs::directory_iterator(self, error)) {
    TRY(remove_entries(inner.get(), entry.path().filename()));
  }
  if (error) return fail(errno_error(error.value(), name));
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0) return fail_errno(name);
  return {};
}

}  // namespace

TarExport::TarExport(BlockSource& source, multi::Cid root, std::string name, Budget budget)
    : source_(source),
      walker_(source, std::move(root), budget),
      name_(std::move(name)),
      writer_([this](ByteView bytes) -> Result<void> {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return {};
      }) {}

Result<void> TarExport::step() {
  if (file_) {
    TRY_ASSIGN(const Bytes bytes, file_->next());
    if (bytes.empty()) file_.reset();
    TRY(walker_.meter().charge_bytes(bytes.size()));
    return writer_.write(bytes);
  }
  TRY_ASSIGN(auto entry, walker_.next());
  if (!entry) {
    finished_ = true;
    return writer_.finish();
  }
  std::string path = name_;
  if (!path.empty() && !entry->path.empty()) path += '/';
  path += entry->path;
  if (path.empty() && entry->kind == EntryKind::Folder) return {};
  if (path.empty()) path = entry->cid.to_string();
  switch (entry->kind) {
    case EntryKind::Folder:
      return writer_.add_folder(path);
    case EntryKind::Symlink:
      return writer_.add_symlink(path, entry->link_target);
    case EntryKind::File:
      TRY(writer_.begin_file(path, entry->size));
      file_.emplace(source_, *std::move(entry));
      return {};
  }
  std::unreachable();
}

Result<Bytes> TarExport::next() {
  while (!finished_ && out_.size() < kPieceSize)
    TRY(step());
  return std::exchange(out_, Bytes());
}

Result<TreeSize> materialise(BlockSource& source, const multi::Cid& root, const fs::path& target,
                             Budget budget, Permissions permissions) {
  struct stat info{};
  if (::lstat(target.c_str(), &info) == 0) {
    return fail(Code::AlreadyExists, "{}: is there already", target.native());
  }
  Result<TreeSize> size = write_tree(source, root, target, budget, permissions);
  if (!size) TRY(remove_tree(target));
  return size;
}

Result<void> remove_tree(const fs::path& path) {
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  TRY_ASSIGN(const UniqueFd folder, open_file(parent, O_RDONLY | O_DIRECTORY));
  return with_context(remove_entries(folder.get(), path.filename()), path.native());
}

}  // namespace skrei::content
