// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/artifact_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skrei::executor::wasm {
namespace {

constexpr std::string_view kFormat = "skrei wasm artifact 1";
constexpr std::string_view kSuffix = ".cwasm";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kHexDigits = 64;
constexpr std::size_t kReadBytes = 256 << 10;

bool is_hex(std::string_view text) {
  return text.size() == kHexDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<void> check_owner(const std::filesystem::path& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!folder || fstat(folder.get(), &status) != 0) return fail_errno(path.string());
  if (status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
    return fail(Error{
        .code = Code::FailedPrecondition,
        .message = fmt::format("compile cache {}: others may write or read it", path.string()),
        .hint = "remove it, or make it yours alone (chmod 700)"});
  }
  return {};
}

Result<Bytes> read_or_make_key(const std::filesystem::path& path, Random& random) {
  auto key = read_file(path, kKeyBytes);
  if (!key && key.error().code == Code::NotFound) {
    Bytes made(kKeyBytes);
    random.fill(made);
    TRY(write_file_atomically(path, made, 0600));
    return made;
  }
  if (key && key->size() != kKeyBytes) {
    return fail(Error{.code = Code::FailedPrecondition,
                      .message = fmt::format("compile cache: {} is no key", path.string()),
                      .hint = "remove the folder; modules are compiled anew"});
  }
  return key;
}

/// "<id>-<mac>.cwasm"
std::optional<ArtifactFolder::Found> parse_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  if (name.size() != 2 * kHexDigits + 1 || name[kHexDigits] != '-') return std::nullopt;
  const std::string_view id = name.substr(0, kHexDigits);
  const std::string_view mac = name.substr(kHexDigits + 1);
  if (!is_hex(id) || !is_hex(mac)) return std::nullopt;
  return ArtifactFolder::Found{.id = std::string(id), .mac = std::string(mac)};
}

}  // namespace

Result<ArtifactFolder> ArtifactFolder::open(const std::filesystem::path& path, Random& random) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(path.string());
  TRY(check_owner(path));
  TRY_ASSIGN(Bytes key, read_or_make_key(path / "key", random));
  ArtifactFolder folder(path, std::move(key));
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->path().native().ends_with(kTemporarySuffix)) continue;
    if (unlink(entry->path().c_str()) != 0) return fail_errno(entry->path().string());
  }
  if (error) return fail(errno_error(error.value(), path.string()));
  return folder;
}

Result<std::vector<ArtifactFolder::Found>> ArtifactFolder::list() const {
  std::map<std::string, Found> newest;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path_, error), end; !error && entry != end;
       entry.increment(error)) {
    auto found = parse_name(entry->path().filename().native());
    struct stat status{};
    if (!found || lstat(entry->path().c_str(), &status) != 0) continue;
    found->bytes = static_cast<std::uint64_t>(status.st_size);
    found->used_ns = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec;
    Found& kept = newest[found->id];
    if (!kept.id.empty()) {
      const Found& older = kept.used_ns < found->used_ns ? kept : *found;
      TRY(remove(older.id, older.mac));
      if (&older == &*found) continue;
    }
    kept = *found;
  }
  if (error) return fail(errno_error(error.value(), path_.string()));
  std::vector<Found> all;
  for (auto& [id, found] : newest)
    all.push_back(std::move(found));
  std::ranges::sort(all, {}, &Found::used_ns);
  return all;
}

std::string ArtifactFolder::id_of(const Sha256Digest& module, std::string_view fingerprint) {
  Sha256 hash;
  hash.update(as_bytes(kFormat));
  hash.update(module);
  hash.update(as_bytes(fingerprint));  // Last, so that it needs no length.
  return to_hex(hash.finish());
}

Result<UniqueFd> ArtifactFolder::create_temporary(std::string_view name) const {
  return open_file(temporary(name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
}

Result<ArtifactFolder::Adopted> ArtifactFolder::adopt(std::string_view name, int written,
                                                      std::string_view id,
                                                      std::uint64_t bytes_max) const {
  struct stat status{};
  if (fchmod(written, 0400) != 0 || fstat(written, &status) != 0) {
    return fail_errno("compiled module");
  }
  Adopted adopted;
  adopted.bytes = static_cast<std::uint64_t>(status.st_size);
  TRY_ASSIGN(adopted.mac, mac_of(written, id));
  TRY_ASSIGN(adopted.fd, open_file(temporary(name), O_RDONLY | O_NOFOLLOW));
  if (adopted.bytes > bytes_max) {
    discard_temporary(name);
  } else if (rename(temporary(name).c_str(), file(id, adopted.mac).c_str()) != 0) {
    return fail_errno("compiled module");
  }
  return adopted;
}

void ArtifactFolder::discard_temporary(std::string_view name) const {
  // If this fails the next start removes it.
  unlink(temporary(name).c_str());
}

Result<UniqueFd> ArtifactFolder::open_verified(std::string_view id, std::string_view mac) const {
  TRY_ASSIGN(auto fd, open_file(file(id, mac), O_RDONLY | O_NOFOLLOW));
  TRY_ASSIGN(const std::string real, mac_of(fd.get(), id));
  if (!constant_time_equal(as_bytes(real), as_bytes(mac))) {
    return fail(Code::FailedPrecondition, "compile cache: {} is not what was put there",
                file(id, mac).string());
  }
  return fd;
}

Result<void> ArtifactFolder::remove(std::string_view id, std::string_view mac) const {
  if (unlink(file(id, mac).c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno(file(id, mac).string());
}

std::filesystem::path ArtifactFolder::file(std::string_view id, std::string_view mac) const {
  return path_ / fmt::format("{}-{}{}", id, mac, kSuffix);
}

std::filesystem::path ArtifactFolder::temporary(std::string_view name) const {
  return path_ / fmt::format("{}{}", name, kTemporarySuffix);
}

Result<std::string> ArtifactFolder::mac_of(int fd, std::string_view id) const {
  Sha256 hash;
  std::vector<std::uint8_t> buffer(kReadBytes);
  off_t offset = 0;
  while (true) {
    const ssize_t got = pread(fd, buffer.data(), buffer.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("compiled module");
    if (got == 0) break;
    hash.update(ByteView(buffer.data(), static_cast<std::size_t>(got)));
    offset += got;
  }
  Bytes text = to_bytes(id);
  const Sha256Digest digest = hash.finish();
  text.insert(text.end(), digest.begin(), digest.end());
  return to_hex(hmac_sha256(key_, text));
}

}  // namespace skrei::executor::wasm
