// SPDX-License-Identifier: Apache-2.0
#include "node/data_dir.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skrei::node {
namespace {

constexpr int kVersion = 1;
constexpr std::string_view kVersionWord = "skrei ";

/// Files by which other programs' repositories are known.
constexpr std::array<std::pair<const char*, const char*>, 4> kForeign = {{
    {"system_metadata.yaml", "Bacalhau"},
    {"repo.version", "Bacalhau"},
    {"datastore_spec", "an IPFS daemon"},
    {".git", "a git repository"},
}};

Result<UniqueFd> make_and_open(const std::filesystem::path& path) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fail(errno_error(error.value(), path.parent_path().native()));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(path.native());
  auto folder = open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder && folder.error().code != Code::PermissionDenied) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
      return fail(Code::FailedPrecondition,
                  "data directory {} is {}; name a folder with --data-dir", path.native(),
                  S_ISLNK(status.st_mode) ? "a symbolic link" : "not a folder");
    }
  }
  return folder;
}

Result<void> check_owner(const UniqueFd& folder, const std::filesystem::path& path) {
  struct stat status{};
  if (::fstat(folder.get(), &status) != 0) return fail_errno(path.native());
  if (status.st_uid != ::geteuid()) {
    return fail(Code::PermissionDenied,
                "data directory {} belongs to user {}, not to user {} who runs this", path.native(),
                status.st_uid, ::geteuid());
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Error{Code::PermissionDenied,
                      fmt::format("data directory {} can be written by others", path.native()),
                      fmt::format("chmod go-w {}", path.native())});
  }
  return {};
}

Result<void> refuse_foreign(const std::filesystem::path& path) {
  for (const auto& [name, program] : kForeign) {
    std::error_code ignored;
    if (!std::filesystem::exists(path / name, ignored)) continue;
    return fail(Error{
        Code::FailedPrecondition,
        fmt::format("data directory {} holds the data of {} ({})", path.native(), program, name),
        "name another folder with --data-dir"});
  }
  return {};
}

/// Holds the lock as long as the descriptor lives; the kernel drops it with the process.
Result<UniqueFd> lock_folder(const std::filesystem::path& path) {
  const std::filesystem::path file = path / "lock";
  TRY_ASSIGN(UniqueFd lock, open_file(file, O_RDWR | O_CREAT | O_NOFOLLOW));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(file.native());
    const Result<Bytes> holder = read_file(file, 64);
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("data directory {} is in use by process {}", path.native(),
                                  holder && !holder->empty() ? as_chars(*holder) : "unknown"),
                      "stop that node, or name another folder with --data-dir"});
  }
  const std::string pid = fmt::format("{}", ::getpid());
  if (::ftruncate(lock.get(), 0) != 0) return fail_errno(file.native());
  TRY(write_all(lock.get(), as_bytes(pid), file.native()));
  return lock;
}

Result<void> check_version(const std::filesystem::path& path) {
  const std::filesystem::path file = path / "VERSION";
  const Result<Bytes> bytes = read_file(file, 64);
  if (!bytes && bytes.error().code == Code::NotFound) {
    return write_file_atomically(file, as_bytes(fmt::format("{}{}\n", kVersionWord, kVersion)));
  }
  if (!bytes) return fail(bytes.error());
  std::string_view text = as_chars(*bytes);
  int version = 0;
  if (text.starts_with(kVersionWord)) {
    text.remove_prefix(kVersionWord.size());
    std::from_chars(text.data(), text.data() + text.size(), version);
  }
  if (version < 1) {
    return fail(Code::FailedPrecondition, "{}: not the version file of a Skrei data directory",
                file.native());
  }
  if (version > kVersion) {
    return fail(
        Error{Code::FailedPrecondition,
              fmt::format("data directory {} was written by a newer Skrei (form {}, this one "
                          "knows {})",
                          path.native(), version, kVersion),
              "start the newer version, or name another folder with --data-dir"});
  }
  return {};
}

Result<NodeId> read_or_make_id(const std::filesystem::path& path, Random& random) {
  const std::filesystem::path file = path / "node_id";
  const Result<Bytes> bytes = read_file(file, 256);
  if (bytes) {
    std::string text(as_chars(*bytes));
    std::erase(text, '\n');
    if (text.empty()) return fail(Code::Internal, "{}: empty", file.native());
    return NodeId(std::move(text));
  }
  if (bytes.error().code != Code::NotFound) return fail(bytes.error());
  NodeId id("n-" + random.uuid());
  TRY(write_file_atomically(file, as_bytes(id.str() + "\n")));
  return id;
}

}  // namespace

Result<std::unique_ptr<DataDir>> DataDir::open(const std::filesystem::path& path, Random& random) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return fail(errno_error(error.value(), path.native()));
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  TRY_ASSIGN(const UniqueFd folder, make_and_open(absolute));
  TRY(check_owner(folder, absolute));
  TRY(refuse_foreign(absolute));
  TRY_ASSIGN(UniqueFd lock, lock_folder(absolute));
  TRY(check_version(absolute));
  TRY_ASSIGN(NodeId id, read_or_make_id(absolute, random));
  return std::unique_ptr<DataDir>(new DataDir(std::move(absolute), std::move(lock), std::move(id)));
}

Result<std::filesystem::path> DataDir::folder(const char* name) const {
  std::filesystem::path below = path_ / name;
  if (::mkdir(below.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(below.native());
  return below;
}

}  // namespace skrei::node
