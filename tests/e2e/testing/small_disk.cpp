// SPDX-License-Identifier: Apache-2.0
#include "testing/small_disk.hpp"

#include <cstdlib>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace skrei::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiller = "filler";

/// Words without anything that a shell would read.
Result<void> run(const std::string& command) {
  const int status = std::system((command + " >/dev/null 2>&1").c_str());
  if (status == 0) return {};
  return fail(Code::PermissionDenied, "{}: status {}", command, status);
}

Result<void> mount_image(const fs::path& image, const fs::path& folder, std::string_view options) {
  return run(fmt::format("mount -o {} {} {}", options, image.native(), folder.native()));
}

}  // namespace

Result<std::unique_ptr<SmallDisk>> SmallDisk::mount(fs::path image, fs::path folder,
                                                    std::uint64_t bytes) {
  std::error_code error;
  fs::create_directories(folder, error);
  const Result<void> ext4 = [&]() -> Result<void> {
    TRY_ASSIGN(const UniqueFd file, open_file(image, O_CREAT | O_RDWR));
    if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return fail_errno(image.native());
    TRY(run(fmt::format("mkfs.ext4 -q -m 0 {}", image.native())));
    return mount_image(image, folder, "loop");
  }();
  const Kind kind = ext4 ? Kind::Ext4 : Kind::Tmpfs;
  if (!ext4) {
    const std::string size = fmt::format("size={}", bytes);
    if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) != 0) {
      return fail_errno(folder.native());
    }
  }
  fs::remove(folder / "lost+found", error);
  fs::permissions(folder, fs::perms::owner_all, error);
  return std::unique_ptr<SmallDisk>(new SmallDisk(kind, std::move(image), std::move(folder)));
}

SmallDisk::~SmallDisk() {
  ::umount2(folder_.c_str(), MNT_DETACH);
}

Result<void> SmallDisk::fill(std::uint64_t left_bytes) {
  const fs::path path = folder_ / kFiller;
  TRY_ASSIGN(const UniqueFd file, open_file(path, O_CREAT | O_WRONLY | O_APPEND));
  Bytes piece(64 << 10, 7);
  while (true) {
    struct statvfs info{};
    if (::statvfs(folder_.c_str(), &info) != 0) return fail_errno(folder_.native());
    const std::uint64_t free = std::uint64_t{info.f_bavail} * info.f_frsize;
    if (free < left_bytes + piece.size() && left_bytes > 0) return {};
    const ssize_t written = ::write(file.get(), piece.data(), piece.size());
    if (written > 0) continue;
    if (errno != ENOSPC) return fail_errno(path.native());
    if (piece.size() == 1) return {};
    piece.resize(piece.size() / 2);
  }
}

Result<void> SmallDisk::empty() {
  if (::unlink((folder_ / kFiller).c_str()) != 0) return fail_errno(folder_.native());
  return {};
}

Result<void> SmallDisk::abort() {
  if (::mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT, "abort") != 0) {
    return fail_errno(folder_.native());
  }
  return {};
}

Result<void> SmallDisk::remount(bool read_only) {
  if (::umount2(folder_.c_str(), 0) != 0) return fail_errno(folder_.native());
  return mount_image(image_, folder_, read_only ? "loop,ro" : "loop");
}

}  // namespace skrei::e2e
