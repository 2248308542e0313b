// SPDX-License-Identifier: Apache-2.0
#include "base/file_system.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace skrei {
namespace {

class SystemFile final : public File {
 public:
  SystemFile(UniqueFd file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Result<void> write_at(ByteView bytes, std::int64_t offset) override {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), offset);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail_errno(path_.native());
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += written;
    }
    return {};
  }

  Result<std::size_t> read_at(std::span<std::uint8_t> into, std::int64_t offset) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = ::pread(file_.get(), into.data() + done, into.size() - done,
                                  offset + static_cast<std::int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail_errno(path_.native());
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<std::int64_t> size() override {
    struct stat info{};
    if (::fstat(file_.get(), &info) != 0) return fail_errno(path_.native());
    return info.st_size;
  }

  Result<void> truncate(std::int64_t size) override {
    if (::ftruncate(file_.get(), size) != 0) return fail_errno(path_.native());
    return {};
  }

  Result<void> sync() override {
    // A longer file is metadata that fdatasync(2) does cover: without it the bytes were not there.
    if (::fdatasync(file_.get()) != 0) return fail_errno(path_.native());
    return {};
  }

 private:
  UniqueFd file_;
  std::filesystem::path path_;
};

class SystemFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::filesystem::path& path, Open how) override {
    int flags = O_RDWR | O_NOFOLLOW;
    if (how != Open::Existing) flags |= O_CREAT;
    if (how == Open::Replace) flags |= O_TRUNC;
    TRY_ASSIGN(UniqueFd file, open_file(path, flags, 0600));
    return std::make_unique<SystemFile>(std::move(file), path);
  }

  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno(to.native());
    return {};
  }

  Result<void> remove(const std::filesystem::path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(path.native());
    return {};
  }

  Result<void> sync_folder(const std::filesystem::path& folder) override {
    TRY_ASSIGN(const UniqueFd directory, open_file(folder, O_RDONLY | O_DIRECTORY));
    if (::fsync(directory.get()) != 0) return fail_errno(folder.native());
    return {};
  }

  Result<std::vector<std::string>> list(const std::filesystem::path& folder) override {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
      names.push_back(entry->path().filename().native());
    if (error) return fail(errno_error(error.value(), folder.native()));
    std::ranges::sort(names);
    return names;
  }
};

}  // namespace

FileSystem& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace skrei
