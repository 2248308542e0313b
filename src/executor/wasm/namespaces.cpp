// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/namespaces.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr int kNamespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

// The new root is mounted over a folder that every machine has.
constexpr const char* kStage = "/tmp";

Result<void> write_map(const char* path, std::string_view text) {
  const UniqueFd file(open(path, O_WRONLY | O_CLOEXEC));
  if (!file) return fail_errno(fmt::format("sandbox: {}", path));
  return write_all(file.get(), as_bytes(text), path);
}

/// Inside, this user keeps its own number and has no other.
Result<void> unshare_as(uid_t uid, gid_t gid) {
  const int user = uid == 0 ? 0 : CLONE_NEWUSER;
  if (unshare(kNamespaces | user) != 0) return fail_errno("sandbox: new namespaces");
  if (user == 0) return {};
  TRY(write_map("/proc/self/setgroups", "deny"));
  TRY(write_map("/proc/self/uid_map", fmt::format("{0} {0} 1", uid)));
  return write_map("/proc/self/gid_map", fmt::format("{0} {0} 1", gid));
}

/// The folder behind `root`, opened anew through a mount of this namespace; nothing can be bound
/// from a mount of the old one.
Result<UniqueFd> open_here(const WallsRoot& root) {
  std::array<char, PATH_MAX> path{};
  const std::string link = fmt::format("/proc/self/fd/{}", root.fd);
  if (readlink(link.c_str(), path.data(), path.size() - 1) < 0) {
    return fail_errno(fmt::format("sandbox: folder of descriptor {}", root.fd));
  }
  UniqueFd here(open(path.data(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat old_status{};
  struct stat status{};
  if (!here || fstat(root.fd, &old_status) != 0 || fstat(here.get(), &status) != 0) {
    return fail_errno(fmt::format("sandbox: folder {}", path.data()));
  }
  if (old_status.st_dev != status.st_dev || old_status.st_ino != status.st_ino) {
    return fail(Code::FailedPrecondition, "sandbox: {} is no longer the folder that was opened",
                path.data());
  }
  return here;
}

Result<void> bind_root(int here, RootAccess access, const std::string& target) {
  const std::string source = fmt::format("/proc/self/fd/{}", here);
  if (mkdir(target.c_str(), 0755) != 0 ||
      mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return fail_errno(fmt::format("sandbox: mount of {}", target));
  }
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (access == RootAccess::ReadOnly) flags |= MS_RDONLY;
  // An ordinary user may not take away what the mount below has, access times for one.
  struct statvfs below{};
  if (statvfs(target.c_str(), &below) != 0) return fail_errno("sandbox: mount flags");
  if ((below.f_flag & ST_RDONLY) != 0) flags |= MS_RDONLY;
  if ((below.f_flag & ST_NOATIME) != 0) flags |= MS_NOATIME;
  if ((below.f_flag & ST_NODIRATIME) != 0) flags |= MS_NODIRATIME;
  if ((below.f_flag & ST_RELATIME) != 0) flags |= MS_RELATIME;
  if (mount(nullptr, target.c_str(), nullptr, flags, nullptr) != 0) {
    return fail_errno(fmt::format("sandbox: mount flags of {}", target));
  }
  return {};
}

/// An empty file system over kStage, and every root bound below it as its index.
Result<void> set_stage(std::span<const WallsRoot> roots) {
  // First cut the ties, so that nothing of this shows outside.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return fail_errno("sandbox: private mounts");
  }
  std::vector<UniqueFd> here;  // Before the stage hides what lies below it.
  for (const WallsRoot& root : roots) {
    TRY_ASSIGN(auto folder, open_here(root));
    here.push_back(std::move(folder));
  }
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (mount("none", kStage, "tmpfs", kFlags, "size=64k,mode=0755") != 0) {
    return fail_errno("sandbox: empty root");
  }
  for (std::size_t i = 0; i < roots.size(); ++i) {
    TRY(bind_root(here[i].get(), roots[i].access, fmt::format("{}/{}", kStage, i)));
  }
  if (mount(nullptr, kStage, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | kFlags, nullptr) != 0) {
    return fail_errno("sandbox: read-only root");
  }
  return {};
}

struct OpenFolder {
  int fd = -1;
  dev_t device = 0;
  ino_t inode = 0;
};

Result<std::vector<OpenFolder>> open_folders() {
  const std::unique_ptr<DIR, decltype([](DIR* dir) { closedir(dir); })> list(
      opendir("/proc/self/fd"));
  if (!list) return fail_errno("sandbox: /proc/self/fd");
  std::vector<OpenFolder> folders;
  while (const dirent* entry = readdir(list.get())) {
    const std::string_view name = entry->d_name;
    int fd = -1;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), fd);
    if (parsed.ec != std::errc() || fd == dirfd(list.get())) continue;
    struct stat status{};
    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    folders.push_back({.fd = fd, .device = status.st_dev, .inode = status.st_ino});
  }
  return folders;
}

Result<void> reopen(const OpenFolder& folder, std::span<const WallsRoot> roots,
                    std::string_view base) {
  for (std::size_t i = 0; i < roots.size(); ++i) {
    struct stat status{};
    const std::string path = fmt::format("{}/{}", base, i);
    if (stat(path.c_str(), &status) != 0) return fail_errno(fmt::format("sandbox: {}", path));
    if (status.st_dev != folder.device || status.st_ino != folder.inode) continue;
    const UniqueFd opened(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || dup3(opened.get(), folder.fd, O_CLOEXEC) < 0) {
      return fail_errno(fmt::format("sandbox: {}", path));
    }
    return {};
  }
  return fail(Code::FailedPrecondition,
              "sandbox: descriptor {} is a folder that no allowed folder covers", folder.fd);
}

}  // namespace

Result<void> enter_namespaces(std::span<const WallsRoot> roots) {
  TRY(unshare_as(geteuid(), getegid()));
  TRY_ASSIGN(const auto folders, open_folders());

  TRY(set_stage(roots));
  for (const OpenFolder& folder : folders)
    TRY(reopen(folder, roots, kStage));
  if (chdir(kStage) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
      umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) {
    return fail_errno("sandbox: exchange of the root");
  }
  return {};
}

bool namespaces_work() {
  // In a process with threads: only system calls between fork and _exit.
  const uid_t uid = geteuid();
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    const bool made = unshare(kNamespaces | (uid == 0 ? 0 : CLONE_NEWUSER)) == 0 &&
                      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      mount("none", kStage, "tmpfs", MS_NOSUID, nullptr) == 0;
    _exit(made ? 0 : 1);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace skrei::executor::wasm
