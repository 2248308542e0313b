// SPDX-License-Identifier: Apache-2.0
#include "storage/local/local_source.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/open_beneath.hpp"

namespace skrei::storage::local {
namespace {

namespace fs = std::filesystem;

Result<UniqueFd> open_without_links(const fs::path& path, int flags) {
  TRY_ASSIGN(const UniqueFd root, open_file("/", O_PATH | O_DIRECTORY));
  const fs::path below = path.relative_path();
  auto opened = open_beneath(root.get(), below.empty() ? fs::path(".") : below, flags);
  if (!opened && opened.error().code == Code::InvalidArgument) {
    return fail(Code::PermissionDenied,
                "local path \"{}\": leads through a symbolic link; name the real path",
                to_valid_utf8(path.native()));
  }
  if (!opened && opened.error().code == Code::NotFound) {
    return fail(Code::NotFound, "local path \"{}\": is not on this node",
                to_valid_utf8(path.native()));
  }
  return opened;
}

/// The path's size if it is a file or folder; 0 for a folder.
Result<std::uint64_t> look(const fs::path& path) {
  TRY_ASSIGN(const UniqueFd file, open_without_links(path, O_PATH));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return fail_errno(path.native());
  if (S_ISDIR(info.st_mode)) return std::uint64_t{0};
  if (S_ISREG(info.st_mode)) return static_cast<std::uint64_t>(info.st_size);
  return fail(Code::InvalidArgument, "local path \"{}\": is neither a file nor a folder",
              to_valid_utf8(path.native()));
}

/// Its folder must be there; only the last part is made.
Result<void> create(const fs::path& path, model::CreateAs create_as) {
  TRY_ASSIGN(const UniqueFd parent, open_without_links(path.parent_path(), O_PATH | O_DIRECTORY));
  const std::string name = path.filename();
  if (create_as == model::CreateAs::Dir) {
    if (::mkdirat(parent.get(), name.c_str(), 0755) != 0) return fail_errno(path.native());
    return {};
  }
  const UniqueFd file(::openat(parent.get(), name.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return fail_errno(path.native());
  return {};
}

}  // namespace

Result<LocalSource::Target> LocalSource::target_of(const model::SpecConfig& source) const {
  TRY_ASSIGN(const model::LocalDirectorySource params, model::local_directory_source(source));
  fs::path path = params.source_path;
  if (params.source_path.starts_with("~/")) {
    if (home_.empty()) {
      return fail(Code::InvalidArgument, "local path \"{}\": this node has no home folder",
                  to_valid_utf8(params.source_path));
    }
    path = home_ / params.source_path.substr(2);
  }
  if (!path.is_absolute() || path.native().find('\0') != std::string::npos) {
    return fail(Code::InvalidArgument, "local path \"{}\": is not absolute",
                to_valid_utf8(params.source_path));
  }
  for (const fs::path& part : path) {
    if (part == "..") {
      return fail(Code::InvalidArgument, "local path \"{}\": must not contain \"..\"",
                  to_valid_utf8(params.source_path));
    }
  }
  path = path.lexically_normal();
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
  const Access access = params.read_write ? Access::ReadWrite : Access::ReadOnly;
  TRY(allowed_.check(path.native(), access));
  return Target{std::move(path), access, params.create_as};
}

Result<void> LocalSource::validate(const model::SpecConfig& source) const {
  TRY(model::local_directory_source(source));
  return {};
}

async::Task<Result<Locality>> LocalSource::check(model::SpecConfig source) {
  const Result<Target> target = target_of(source);
  if (!target && target.error().code == Code::PermissionDenied) co_return Locality{};
  CO_TRY(target);
  const auto work = [&target] {
    return look(target->path);
  };
  const Result<std::uint64_t> size = co_await async::blocking(pool_, work);
  const bool creatable = !size && size.error().code == Code::NotFound &&
                         target->access == Access::ReadWrite &&
                         target->create_as != model::CreateAs::NoCreate;
  if (size || creatable) co_return Locality{.local = true, .missing_bytes = 0};
  co_return Locality{};
}

async::Task<Result<PreparedInput>> LocalSource::prepare(PrepareRequest request) {
  CO_TRY_ASSIGN(const Target target, target_of(request.source));
  const auto work = [&target]() -> Result<std::uint64_t> {
    Result<std::uint64_t> size = look(target.path);
    const bool missing = !size && size.error().code == Code::NotFound;
    if (!missing || target.create_as == model::CreateAs::NoCreate) return size;
    if (target.access != Access::ReadWrite) {
      return fail(Code::PermissionDenied,
                  "local path \"{}\": is not there, and only a ReadWrite input may create it",
                  to_valid_utf8(target.path.native()));
    }
    TRY(create(target.path, target.create_as));
    return look(target.path);
  };
  CO_TRY_ASSIGN(const std::uint64_t size, co_await async::blocking(pool_, work));
  co_return PreparedInput{target.path, target.access, size, std::nullopt};
}

async::Task<Result<void>> LocalSource::release(ExecutionId) {
  co_return Result<void>();  // Nothing is held: the original is mounted.
}

}  // namespace skrei::storage::local
