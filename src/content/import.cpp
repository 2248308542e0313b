// SPDX-License-Identifier: Apache-2.0
#include "content/import.hpp"

#include <array>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_reader.hpp"

namespace skrei::content {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadSize = std::size_t{256} << 10;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::string_view kind_of(mode_t mode) {
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no file, folder or link";
}

/// Names in a folder. The descriptor stays the caller's.
Result<std::vector<std::string>> names_in(int folder, const fs::path& path, Hidden hidden) {
  UniqueFd again(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again) return fail_errno(path.native());
  const std::unique_ptr<DIR, CloseFolder> stream(::fdopendir(again.get()));
  if (!stream) return fail_errno(path.native());
  static_cast<void>(again.release());
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    // One stream is read by one thread, so readdir is safe (POSIX.1-2024 says so too).
    const dirent* entry = ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (hidden == Hidden::Skip && name.starts_with('.')) continue;
    names.emplace_back(name);
  }
  if (errno != 0) return fail_errno(path.native());
  return names;
}

Result<std::string> read_link(int folder, const std::string& name, const fs::path& path) {
  std::array<char, 4096> target{};
  const ssize_t length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (length < 0) return fail_errno(path.native());
  return std::string(target.data(), static_cast<std::size_t>(length));
}

class PathImporter {
 public:
  PathImporter(BlockSink& sink, const ImportOptions& options, const fs::path& root)
      : sink_(sink), options_(options), meter_(options.budget, root.native()) {}

  /// `name` in `folder`; `path` is for messages.
  Result<DagLink> import(int folder, const std::string& name, const fs::path& path,
                         std::size_t depth) {
    TRY(meter_.charge_entry(depth));
    struct stat info{};
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return fail_errno(path.native());
    }
    if (S_ISLNK(info.st_mode)) {
      TRY_ASSIGN(const std::string target, read_link(folder, name, path));
      return build_symlink(*options_.profile, sink_, target);
    }
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
      return fail(Code::InvalidArgument, "{}: is {}, which cannot become content", path.native(),
                  kind_of(info.st_mode));
    }
    // Not blocking, in case a FIFO took the name in between; what was opened is looked at again.
    TRY_ASSIGN(const UniqueFd file,
               with_context(
                   open_beneath(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, options_.mounts),
                   path.parent_path().native()));
    if (::fstat(file.get(), &info) != 0) return fail_errno(path.native());
    if (S_ISDIR(info.st_mode)) return import_folder(file.get(), path, depth);
    if (S_ISREG(info.st_mode)) return import_file(file.get(), path);
    return fail(Code::InvalidArgument, "{}: changed into {} meanwhile", path.native(),
                kind_of(info.st_mode));
  }

  Result<DagLink> import_file(int file, const fs::path& path) {
    return import_bytes(reading_from(file, path.native()));
  }

  Result<DagLink> import_bytes(const ReadFunction& source) {
    FileBuilder builder(*options_.profile, sink_);
    while (true) {
      TRY_ASSIGN(const std::size_t got, source(buffer_));
      if (got == 0) return builder.finish();
      TRY(meter_.charge_bytes(got));
      TRY(builder.write(ByteView(buffer_).first(got)));
      bytes_done_ += got;
      if (options_.progress) options_.progress(bytes_done_);
    }
  }

 private:
  Result<DagLink> import_folder(int folder, const fs::path& path, std::size_t depth) {
    TRY_ASSIGN(const std::vector<std::string> names, names_in(folder, path, options_.hidden));
    FolderEntries entries;
    for (const std::string& name : names) {
      TRY_ASSIGN(DagLink link, import(folder, name, path / name, depth + 1));
      entries.emplace(name, std::move(link));
    }
    return build_folder(*options_.profile, sink_, entries);
  }

  BlockSink& sink_;
  const ImportOptions& options_;
  BudgetMeter meter_;
  Bytes buffer_ = Bytes(kReadSize);  // One for all files: most are small.
  std::uint64_t bytes_done_ = 0;
};

/// Folders of an archive while it is read; files and links are built already.
struct FolderTree {
  std::map<std::string, FolderTree> folders = {};
  FolderEntries leaves = {};

  /// The folder at `path`, made where missing. InvalidArgument if something else is on the way.
  Result<FolderTree*> folder_at(std::string_view path) {
    FolderTree* folder = this;
    while (!path.empty()) {
      const std::size_t slash = std::min(path.find('/'), path.size());
      const std::string name(path.substr(0, slash));
      path.remove_prefix(std::min(slash + 1, path.size()));
      if (folder->leaves.contains(name)) return twice(name);
      folder = &folder->folders[name];
    }
    return folder;
  }

  Result<void> add_leaf(std::string_view path, DagLink link) {
    const std::size_t slash = path.rfind('/');
    const bool nested = slash != std::string_view::npos;
    TRY_ASSIGN(FolderTree * folder, folder_at(nested ? path.substr(0, slash) : ""));
    const std::string name(nested ? path.substr(slash + 1) : path);
    if (folder->folders.contains(name)) return twice(name);
    if (!folder->leaves.emplace(name, std::move(link)).second) return twice(name);
    return {};
  }

  Result<DagLink> build(const UnixFsProfile& profile, BlockSink& sink) {
    for (auto& [name, folder] : folders) {
      TRY_ASSIGN(DagLink link, folder.build(profile, sink));
      leaves.emplace(name, std::move(link));
    }
    return build_folder(profile, sink, leaves);
  }

  static std::unexpected<Error> twice(std::string_view name) {
    return fail(Code::InvalidArgument, "tar: \"{}\" comes twice", to_valid_utf8(name));
  }
};

}  // namespace

ReadFunction reading_from(int fd, std::string what) {
  return [fd, what = std::move(what)](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
    while (true) {
      const ssize_t got = ::read(fd, buffer.data(), buffer.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail_errno(what);
    }
  };
}

Result<DagLink> import_path(BlockSink& sink, const fs::path& path, const ImportOptions& options) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (error) return fail(errno_error(error.value(), path.native()));
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  const fs::path parent = absolute.parent_path();
  const std::string name = absolute.has_filename() ? absolute.filename().native() : ".";
  TRY_ASSIGN(const UniqueFd folder, open_file(parent, O_PATH | O_DIRECTORY));
  return PathImporter(sink, options, path).import(folder.get(), name, absolute, 0);
}

Result<DagLink> import_stream(BlockSink& sink, const ReadFunction& source,
                              const ImportOptions& options) {
  return PathImporter(sink, options, "stream").import_bytes(source);
}

Result<DagLink> import_tar(BlockSink& sink, ReadFunction source, const ImportOptions& options) {
  // Both meters count the same bytes against the same limit, so the budget holds as given.
  archive::TarReader reader(std::move(source), options.budget);
  PathImporter files(sink, options, "tar");
  FolderTree tree;
  while (true) {
    TRY_ASSIGN(const auto entry, reader.next());
    if (!entry) return tree.build(*options.profile, sink);
    if (entry->type == archive::EntryType::Folder) {
      TRY(tree.folder_at(entry->path));
      continue;
    }
    const auto content = [&](std::span<std::uint8_t> buffer) {
      return reader.read(buffer);
    };
    TRY_ASSIGN(DagLink link, entry->type == archive::EntryType::Symlink
                                 ? build_symlink(*options.profile, sink, entry->link_target)
                                 : files.import_bytes(content));
    TRY(tree.add_leaf(entry->path, std::move(link)));
  }
}

}  // namespace skrei::content
