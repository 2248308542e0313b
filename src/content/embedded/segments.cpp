// SPDX-License-Identifier: Apache-2.0
#include "content/embedded/segments.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"

namespace skrei::content::embedded {
namespace {

constexpr std::string_view kMagic = "SKRSEG01";
constexpr std::string_view kSuffix = ".seg";

Result<void> write_at(int fd, ByteView bytes, std::int64_t offset, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail_errno(what);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  TRY_ASSIGN(const UniqueFd directory, open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(directory.get()) != 0) return fail_errno(folder.native());
  return {};
}

Result<std::vector<std::int64_t>> segment_numbers(const std::filesystem::path& folder) {
  std::vector<std::int64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().native();
    if (!name.ends_with(kSuffix)) continue;
    std::int64_t number = 0;
    const char* end = name.data() + name.size() - kSuffix.size();
    if (std::from_chars(name.data(), end, number).ptr == end) numbers.push_back(number);
  }
  if (error) return fail(errno_error(error.value(), folder.native()));
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

Result<std::unique_ptr<Segments>> Segments::open(
    const Options& options, const std::map<std::int64_t, std::int64_t>& indexed_ends) {
  std::unique_ptr<Segments> segments(new Segments(options));
  TRY_ASSIGN(const std::vector<std::int64_t> numbers, segment_numbers(options.folder));
  for (const auto& [number, end] : indexed_ends) {
    if (std::ranges::binary_search(numbers, number)) continue;
    return fail(Code::Internal, "content store: segment {} is missing; restore it from a copy",
                segments->path_of(number).native());
  }
  for (const std::int64_t number : numbers) {
    const auto end = indexed_ends.find(number);
    TRY(segments->open_existing(number, end == indexed_ends.end() ? 0 : end->second,
                                number == numbers.back()));
  }
  if (numbers.empty()) TRY(segments->create(1));
  return segments;
}

std::filesystem::path Segments::path_of(std::int64_t number) const {
  return options_.folder / fmt::format("{:08}{}", number, kSuffix);
}

Result<void> Segments::open_existing(std::int64_t number, std::int64_t indexed_end, bool newest) {
  const std::filesystem::path path = path_of(number);
  TRY_ASSIGN(UniqueFd file, open_file(path, O_RDWR | O_NOFOLLOW));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return fail_errno(path.native());
  const std::int64_t end = std::max<std::int64_t>(indexed_end, kMagic.size());
  if (info.st_size < indexed_end) {
    return fail(Code::Internal,
                "content store: segment {} has {} bytes, fewer than the {} of its index; restore "
                "it from a copy",
                path.native(), info.st_size, indexed_end);
  }
  if (newest && info.st_size != end) {
    log::info("content store: torn tail cut off",
              {{"segment", path.native()}, {"from", info.st_size}, {"to", end}});
    if (::ftruncate(file.get(), end) != 0) return fail_errno(path.native());
    TRY(write_at(file.get(), as_bytes(kMagic), 0, path.native()));
    if (::fsync(file.get()) != 0) return fail_errno(path.native());
  }
  segments_[number] = {.file = std::make_shared<const UniqueFd>(std::move(file)),
                       .end = newest ? end : info.st_size};
  return {};
}

Result<void> Segments::create(std::int64_t number) {
  const std::filesystem::path path = path_of(number);
  TRY_ASSIGN(UniqueFd file, open_file(path, O_RDWR | O_CREAT | O_EXCL, 0600));
  TRY(write_at(file.get(), as_bytes(kMagic), 0, path.native()));
  if (::fsync(file.get()) != 0) return fail_errno(path.native());
  TRY(sync_folder(options_.folder));
  segments_[number] = {.file = std::make_shared<const UniqueFd>(std::move(file)),
                       .end = static_cast<std::int64_t>(kMagic.size())};
  return {};
}

Result<BlockPlace> Segments::append(const multi::Multihash& hash, ByteView block) {
  const Bytes key = hash.to_bytes();
  Bytes record;
  record.reserve(5 + key.size() + block.size());
  for (int shift = 24; shift >= 0; shift -= 8)
    record.push_back(static_cast<std::uint8_t>(block.size() >> shift));
  record.push_back(static_cast<std::uint8_t>(key.size()));
  record.insert(record.end(), key.begin(), key.end());
  record.insert(record.end(), block.begin(), block.end());

  const std::lock_guard lock(mutex_);
  if (segments_.rbegin()->second.end >= options_.roll_bytes) {
    TRY(create(segments_.rbegin()->first + 1));
  }
  auto& [number, segment] = *segments_.rbegin();
  TRY(write_at(segment.file->get(), record, segment.end, path_of(number).native()));
  segment.end += static_cast<std::int64_t>(record.size());
  ++segment.unsettled;
  const auto length = static_cast<std::int64_t>(block.size());
  return BlockPlace{number, segment.end - length, length};
}

void Segments::settle(const BlockPlace& place) {
  const std::lock_guard lock(mutex_);
  if (const auto found = segments_.find(place.segment); found != segments_.end()) {
    --found->second.unsettled;
  }
}

Result<std::shared_ptr<const UniqueFd>> Segments::file_of(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(number);
  if (found != segments_.end()) return found->second.file;
  return fail(Code::NotFound, "content store: segment {} is not there", path_of(number).native());
}

std::vector<Segments::Size> Segments::sealed() {
  const std::lock_guard lock(mutex_);
  std::vector<Size> sizes;
  for (const auto& [number, segment] : segments_)
    sizes.push_back({number, segment.end});
  sizes.pop_back();
  return sizes;
}

Result<bool> Segments::remove(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(number);
  if (found == segments_.end()) return true;
  if (number == segments_.rbegin()->first || found->second.unsettled > 0) return false;
  if (::unlink(path_of(number).c_str()) != 0) return fail_errno(path_of(number).native());
  segments_.erase(found);
  TRY(sync_folder(options_.folder));
  return true;
}

std::vector<Segments::Frozen> Segments::freeze() {
  const std::lock_guard lock(mutex_);
  std::vector<Frozen> frozen;
  for (const auto& [number, segment] : segments_)
    frozen.push_back({path_of(number).filename().native(), segment.end, segment.file});
  return frozen;
}

Result<void> Segments::sync(const std::set<std::int64_t>& segments) {
  for (const std::int64_t number : segments) {
    TRY_ASSIGN(const auto file, file_of(number));
    if (::fdatasync(file->get()) != 0) return fail_errno(path_of(number).native());
  }
  return {};
}

Result<Bytes> Segments::read(const BlockPlace& place) {
  TRY_ASSIGN(const auto file, file_of(place.segment));
  Bytes bytes(static_cast<std::size_t>(place.length));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(file->get(), bytes.data() + done, bytes.size() - done,
                                place.offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(path_of(place.segment).native());
    if (got == 0) {
      return fail(Code::Internal, "content store: segment {} ends early",
                  path_of(place.segment).native());
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace skrei::content::embedded
