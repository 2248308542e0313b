// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_reader.hpp"
#include "base/hash.hpp"
#include "base/scope_guard.hpp"
#include "content/export.hpp"
#include "content/import.hpp"
#include "json/json.hpp"
#include "model/time_text.hpp"
#include "node/backup.hpp"

namespace skrei::node {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kManifestMax = std::size_t{64} << 20;
constexpr int kFormat = 1;

Error not_a_backup(const fs::path& file, std::string_view why) {
  return {Code::FailedPrecondition, fmt::format("{}: {}", file.native(), why),
          "take another backup; this one cannot be restored"};
}

struct Digest {
  std::uint64_t size = 0;
  std::string sha256;

  bool operator==(const Digest&) const = default;
};
using Digests = std::map<std::string, Digest>;

/// Takes the bytes of each file as they come; `path` is the current one's.
using FileSink = std::function<Result<void>(const std::string& path, ByteView bytes)>;

struct Contents {
  Digests digests;
  std::string manifest;
};

/// Reads the whole tar once.
Result<Contents> read_tar(const fs::path& file, const FileSink& sink) {
  TRY_ASSIGN(const UniqueFd fd, open_file(file, O_RDONLY));
  Budget budget;
  budget.bytes = UINT64_MAX;
  archive::TarReader tar(content::reading_from(fd.get(), file.native()), budget);
  Contents contents;
  Bytes buffer(kPieceBytes);
  while (true) {
    const auto next = tar.next();
    if (!next && next.error().code == Code::InvalidArgument) {
      return fail(not_a_backup(file, next.error().message));
    }
    TRY(next);
    const std::optional<archive::TarEntry>& entry = *next;
    if (!entry) return contents;
    if (entry->type != archive::EntryType::File) {
      return fail(not_a_backup(file, fmt::format("{} is no file: not a backup", entry->path)));
    }
    Sha256 digest;
    std::uint64_t size = 0;
    if (sink) TRY(sink(entry->path, {}));
    while (true) {
      const auto got = tar.read(buffer);
      if (!got && got.error().code == Code::InvalidArgument) {
        return fail(not_a_backup(file, got.error().message));
      }
      TRY_ASSIGN(const std::size_t count, got);
      if (count == 0) break;
      const ByteView bytes = ByteView(buffer).first(count);
      size += count;
      digest.update(bytes);
      if (entry->path == kManifestName) {
        if (size > kManifestMax) return fail(not_a_backup(file, "its manifest is too long"));
        contents.manifest += as_chars(bytes);
      } else if (sink) {
        TRY(sink(entry->path, bytes));
      }
    }
    if (entry->path != kManifestName) {
      contents.digests[entry->path] = {size, to_hex(digest.finish())};
    }
  }
}

Result<BackupInfo> check(const fs::path& file, const Contents& contents) {
  if (contents.manifest.empty()) {
    return fail(not_a_backup(file, "has no manifest: it is cut off, or no backup of Skrei"));
  }
  const auto manifest = json::parse(contents.manifest);
  if (!manifest || !manifest->is_object() || !manifest->contains("Files")) {
    return fail(not_a_backup(file, "its manifest is damaged"));
  }
  if (const int format = manifest->value("Format", 0); format != kFormat) {
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("{}: backup format {} is not the {} that this Skrei knows",
                                  file.native(), format, kFormat),
                      "restore it with the Skrei that made it"});
  }
  BackupInfo info{.node_id = manifest->value("NodeID", ""),
                  .version = manifest->value("Skrei", "")};
  TRY_ASSIGN(info.created, model::parse_time(manifest->value("Created", "")));
  Digests named;
  for (const json::Value& item : (*manifest)["Files"]) {
    named[item.value("Path", "")] = {item.value("Size", std::uint64_t{0}),
                                     item.value("SHA256", "")};
  }
  for (const auto& [path, digest] : named) {
    const auto found = contents.digests.find(path);
    if (found == contents.digests.end()) {
      return fail(not_a_backup(file, fmt::format("{} is missing", path)));
    }
    if (found->second != digest) {
      return fail(not_a_backup(file, fmt::format("{} is damaged: its digest is not that of the "
                                                 "manifest",
                                                 path)));
    }
    ++info.files;
    info.bytes += digest.size;
  }
  for (const auto& [path, digest] : contents.digests) {
    if (!named.contains(path)) {
      return fail(not_a_backup(file, fmt::format("{} is not in the manifest", path)));
    }
  }
  for (const char* needed : {"VERSION", "node_id", "jobs.db", "content/index.db"}) {
    if (!named.contains(needed)) {
      return fail(not_a_backup(file, fmt::format("{} is missing", needed)));
    }
  }
  return info;
}

/// An empty folder, 0700.
Result<void> prepare_target(const fs::path& target) {
  std::error_code error;
  if (target.has_parent_path()) fs::create_directories(target.parent_path(), error);
  if (::mkdir(target.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(target.native());
  const bool empty = fs::is_empty(target, error);
  if (error) return fail(errno_error(error.value(), target.native()));
  if (empty) return {};
  return fail(Error{Code::AlreadyExists, fmt::format("{} is not empty", target.native()),
                    "restore into a new folder: --data-dir PATH"});
}

/// Writes the files of a backup below a folder, all but VERSION, which waits.
class Unpacker {
 public:
  explicit Unpacker(fs::path folder) : folder_(std::move(folder)) {}

  Result<void> take(const std::string& path, ByteView bytes) {
    if (path == kManifestName) return {};
    if (path == "VERSION") {
      version_ += as_chars(bytes);
      return {};
    }
    if (path != path_) TRY(begin(path));
    return write_all(file_.get(), bytes, path);
  }

  Result<void> finish() {
    TRY_ASSIGN(const UniqueFd folder, open_file(folder_, O_RDONLY | O_DIRECTORY));
    if (::syncfs(folder.get()) != 0) return fail_errno(folder_.native());
    return write_file_atomically(folder_ / "VERSION", as_bytes(version_));
  }

 private:
  Result<void> begin(const std::string& path) {
    fs::path parent = folder_;
    for (const fs::path& part : fs::path(path).parent_path()) {
      parent /= part;
      if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno(parent.native());
      }
    }
    TRY_ASSIGN(file_, open_file(folder_ / path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    path_ = path;
    return {};
  }

  fs::path folder_;
  std::string path_;
  UniqueFd file_;
  std::string version_;
};

}  // namespace

Result<BackupInfo> verify_backup(const fs::path& file) {
  TRY_ASSIGN(const Contents contents, read_tar(file, {}));
  return check(file, contents);
}

Result<BackupInfo> restore_backup(const fs::path& file, const fs::path& data_dir) {
  TRY(verify_backup(file));
  TRY(prepare_target(data_dir));
  ScopeGuard undo([&data_dir] { static_cast<void>(content::remove_tree(data_dir)); });
  Unpacker unpacker(data_dir);
  TRY_ASSIGN(const Contents contents,
             read_tar(file, [&unpacker](const std::string& path, ByteView bytes) {
               return unpacker.take(path, bytes);
             }));
  // Once more: it may have changed since it was verified.
  TRY_ASSIGN(const BackupInfo info, check(file, contents));
  TRY(unpacker.finish());
  undo.dismiss();
  return info;
}

}  // namespace skrei::node
