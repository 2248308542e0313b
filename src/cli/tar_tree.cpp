// SPDX-License-Identifier: Apache-2.0
#include "cli/tar_tree.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_reader.hpp"
#include "archive/tar_writer.hpp"
#include "base/fd.hpp"
#include "base/open_beneath.hpp"

namespace skrei::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 256 << 10;

class Packer {
 public:
  Packer(content::Hidden hidden, const BytesDone& done, const WriteFunction& sink)
      : hidden_(hidden), done_(done), writer_(sink), buffer_(kPieceBytes) {}

  Result<void> add_entries(const fs::path& folder, const std::string& prefix) {
    std::error_code error;
    std::vector<fs::path> names;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      const fs::path name = at->path().filename();
      if (hidden_ == content::Hidden::Skip && name.native().starts_with('.')) continue;
      names.push_back(name);
    }
    if (error) return fail(errno_error(error.value(), folder.string()));
    std::sort(names.begin(), names.end());
    for (const fs::path& name : names)
      TRY(add_entry(folder / name, prefix + name.string()));
    return {};
  }

  Result<void> finish() { return writer_.finish(); }

 private:
  Result<void> add_entry(const fs::path& path, const std::string& name) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path, error);
    if (error) return fail(errno_error(error.value(), path.string()));
    switch (status.type()) {
      case fs::file_type::directory:
        TRY(writer_.add_folder(name));
        return add_entries(path, name + "/");
      case fs::file_type::symlink: {
        const fs::path target = fs::read_symlink(path, error);
        if (error) return fail(errno_error(error.value(), path.string()));
        return writer_.add_symlink(name, target.string());
      }
      case fs::file_type::regular:
        return add_file(path, name);
      default:
        return fail(Error{Code::InvalidArgument,
                          fmt::format("{}: is a socket, device or pipe, which content cannot hold",
                                      path.string()),
                          "move it away, or add the files beside it one by one"});
    }
  }

  Result<void> add_file(const fs::path& path, const std::string& name) {
    TRY_ASSIGN(const UniqueFd fd, open_file(path, O_RDONLY | O_NOFOLLOW));
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return fail_errno(path.string());
    std::uint64_t left = static_cast<std::uint64_t>(info.st_size);
    TRY(writer_.begin_file(name, left));
    while (true) {
      const ssize_t count = ::read(fd.get(), buffer_.data(), buffer_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_errno(path.string());
      if (static_cast<std::uint64_t>(count) > left || (count == 0 && left > 0)) {
        return fail(Code::FailedPrecondition, "{}: changed while it was read", path.string());
      }
      if (count == 0) return {};
      left -= static_cast<std::uint64_t>(count);
      TRY(writer_.write(ByteView(buffer_).first(static_cast<std::size_t>(count))));
      total_ += static_cast<std::uint64_t>(count);
      if (done_) done_(total_);
    }
  }

  content::Hidden hidden_;
  const BytesDone& done_;
  archive::TarWriter writer_;
  Bytes buffer_;
  std::uint64_t total_ = 0;
};

class Unpacker {
 public:
  Unpacker(fs::path folder, UniqueFd fd, const BytesDone& done)
      : folder_(std::move(folder)), root_(std::move(fd)), done_(done), buffer_(kPieceBytes) {}

  Result<void> add(archive::TarReader& reader, const archive::TarEntry& entry,
                   const fs::path& path) {
    if (path.has_parent_path()) TRY(make_folders(path.parent_path()));
    if (entry.type == archive::EntryType::Folder) return make_folders(path);
    TRY_ASSIGN(const UniqueFd parent, open_parent(path));
    const std::string name = path.filename().string();
    if (entry.type == archive::EntryType::Symlink) {
      if (::symlinkat(entry.link_target.c_str(), parent.get(), name.c_str()) != 0) {
        return fail_at(path);
      }
      return {};
    }
    const UniqueFd file(::openat(parent.get(), name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return fail_at(path);
    while (true) {
      TRY_ASSIGN(const std::size_t count, reader.read(buffer_));
      if (count == 0) return {};
      TRY(write_all(file.get(), ByteView(buffer_).first(count), (folder_ / path).string()));
      total_ += count;
      if (done_) done_(total_);
    }
  }

 private:
  std::unexpected<Error> fail_at(const fs::path& path) const {
    if (errno == EEXIST) {
      return fail(Error{Code::AlreadyExists,
                        fmt::format("{}: exists and is not overwritten", (folder_ / path).string()),
                        "choose another folder with --output-dir"});
    }
    return fail_errno((folder_ / path).string());
  }

  Result<UniqueFd> open_parent(const fs::path& path) const {
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    return open_beneath(root_.get(), parent, O_RDONLY | O_DIRECTORY);
  }

  Result<void> make_folders(const fs::path& path) {
    if (path.has_parent_path()) TRY(make_folders(path.parent_path()));
    TRY_ASSIGN(const UniqueFd parent, open_parent(path));
    const bool made = ::mkdirat(parent.get(), path.filename().c_str(), 0755) == 0;
    if (!made && errno != EEXIST) return fail_errno((folder_ / path).string());
    return {};
  }

  fs::path folder_;
  UniqueFd root_;
  const BytesDone& done_;
  Bytes buffer_;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<void> pack_folder(const fs::path& folder, content::Hidden hidden, const BytesDone& done,
                         const WriteFunction& sink) {
  Packer packer(hidden, done, sink);
  TRY(packer.add_entries(folder, ""));
  return packer.finish();
}

Result<void> unpack_folder(const fs::path& folder, std::string_view strip, const BytesDone& done,
                           const ReadFunction& source) {
  TRY_ASSIGN(UniqueFd fd, open_file(folder, O_RDONLY | O_DIRECTORY));
  Unpacker unpacker(folder, std::move(fd), done);
  archive::TarReader reader(source, Budget{.bytes = std::uint64_t{1} << 50});
  while (true) {
    TRY_ASSIGN(const auto entry, reader.next());
    if (!entry) return {};
    std::string_view path = entry->path;
    if (!strip.empty()) {
      if (path == strip) continue;
      if (!path.starts_with(strip) || path[strip.size()] != '/') {
        return fail(Code::Internal, "the archive holds \"{}\", which is not below \"{}\"",
                    entry->path, strip);
      }
      path.remove_prefix(strip.size() + 1);
    }
    TRY(unpacker.add(reader, *entry, fs::path(path)));
  }
}

}  // namespace skrei::cli
