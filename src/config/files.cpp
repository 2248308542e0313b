// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "config/config.hpp"

namespace skrei::config {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;

}  // namespace

Result<File> read_config_file(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes bytes, read_file(path, kFileBytesMax));
  return File{.name = path.string(), .text = std::string(as_chars(bytes))};
}

Result<std::optional<File>> read_project_file(const std::filesystem::path& path,
                                              std::vector<std::string>& warnings) {
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!fd) {
    if (fd.error().code == Code::NotFound) return std::nullopt;
    return fail(fd.error());
  }
  struct stat status = {};
  if (::fstat(fd->get(), &status) != 0) return fail_errno(path.native());
  const bool is_file = S_ISREG(status.st_mode);
  const bool is_own = status.st_uid == ::geteuid() || status.st_uid == 0;
  const bool is_closed = (status.st_mode & S_IWOTH) == 0;
  if (!is_file || !is_own || !is_closed) {
    const std::string_view why = !is_file  ? "it is not a file"
                                 : !is_own ? "another user owns it"
                                           : "everybody may write it";
    warnings.push_back(fmt::format("{} is ignored: {}", path.string(), why));
    return std::nullopt;
  }
  std::string text;
  std::string block(64 * 1024, '\0');
  while (true) {
    const ssize_t count = ::read(fd->get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(path.native());
    if (count == 0) break;
    text.append(block, 0, static_cast<std::size_t>(count));
    if (text.size() > kFileBytesMax) {
      return fail(Code::ResourceExhausted, "{}: longer than {} bytes", path.string(),
                  kFileBytesMax);
    }
  }
  return File{.name = path.string(), .text = std::move(text)};
}

}  // namespace skrei::config
