// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/module_files.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skrei::executor::wasm {
namespace {

Result<Sha256Digest> digest_of(int fd, const std::filesystem::path& path) {
  Sha256 hash;
  Bytes buffer(256 << 10);
  off_t offset = 0;
  while (true) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(path.native());
    if (got == 0) return hash.finish();
    hash.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
    offset += got;
  }
}

}  // namespace

Result<ModuleFile> ModuleFiles::open(const std::filesystem::path& path) {
  TRY_ASSIGN(UniqueFd fd, open_file(path, O_RDONLY));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno(path.native());
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::InvalidArgument, "{}: not a file; a WASM module is one", path.native());
  }
  const Identity identity{.device = info.st_dev,
                          .inode = info.st_ino,
                          .size = info.st_size,
                          .changed_ns = info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec};
  {
    const std::lock_guard lock(mutex_);
    const auto known = digests_.find(identity);
    if (known != digests_.end()) return ModuleFile{std::move(fd), known->second};
  }
  TRY_ASSIGN(const Sha256Digest digest, digest_of(fd.get(), path));
  const std::lock_guard lock(mutex_);
  if (digests_.emplace(identity, digest).second) order_.push_back(identity);
  if (order_.size() > digests_max_) {
    digests_.erase(order_.front());
    order_.pop_front();
  }
  return ModuleFile{std::move(fd), digest};
}

}  // namespace skrei::executor::wasm
