// SPDX-License-Identifier: Apache-2.0
#include "content/embedded/segments.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/log.hpp"

namespace skrei::content::embedded {
namespace {

constexpr std::string_view kMagic = "SKRSEG01";
constexpr std::string_view kMagicWord = "SKRSEG";  // Before the version, two digits.
constexpr int kVersion = 1;
constexpr std::string_view kSuffix = ".seg";

Result<std::vector<std::int64_t>> segment_numbers(FileSystem& files,
                                                  const std::filesystem::path& folder) {
  std::vector<std::int64_t> numbers;
  TRY_ASSIGN(const auto names, files.list(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    std::int64_t number = 0;
    const char* end = name.data() + name.size() - kSuffix.size();
    if (std::from_chars(name.data(), end, number).ptr == end) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

/// Whether the file begins as a segment does; an error for one of a newer version.
Result<bool> has_magic(File& file, const std::filesystem::path& path) {
  Bytes bytes(kMagic.size());
  TRY_ASSIGN(const std::size_t got, file.read_at(bytes, 0));
  const std::string_view text = as_chars(ByteView(bytes).first(got));
  if (text == kMagic) return true;
  if (got < kMagic.size() || !text.starts_with(kMagicWord)) return false;
  int version = 0;
  std::from_chars(text.data() + kMagicWord.size(), text.data() + text.size(), version);
  if (version <= kVersion) return false;
  return fail(Error{Code::FailedPrecondition,
                    fmt::format("content store: segment {} has version {}, newer than the {} that "
                                "this Skrei knows",
                                path.native(), version, kVersion),
                    "start the newer Skrei, or name another data directory"});
}

}  // namespace

Result<std::unique_ptr<Segments>> Segments::open(
    const Options& options, const std::map<std::int64_t, std::int64_t>& indexed_ends) {
  std::unique_ptr<Segments> segments(new Segments(options));
  TRY_ASSIGN(const std::vector<std::int64_t> numbers,
             segment_numbers(*options.files, options.folder));
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
  TRY_ASSIGN(std::shared_ptr<File> file, options_.files->open(path, FileSystem::Open::Existing));
  TRY_ASSIGN(const std::int64_t size, file->size());
  TRY_ASSIGN(const bool is_segment, has_magic(*file, path));
  const std::int64_t end = std::max<std::int64_t>(indexed_end, kMagic.size());
  if (size < indexed_end) {
    return fail(Code::Internal,
                "content store: segment {} has {} bytes, fewer than the {} of its index; restore "
                "it from a copy",
                path.native(), size, indexed_end);
  }
  if (indexed_end > 0 && !is_segment) {
    return fail(Code::Internal,
                "content store: segment {} does not begin as one; restore it from a copy",
                path.native());
  }
  if (newest && (size != end || !is_segment)) {
    log::info("content store: torn tail cut off",
              {{"segment", path.native()}, {"from", size}, {"to", end}});
    TRY(file->truncate(end));
    TRY(file->write_at(as_bytes(kMagic), 0));
    TRY(file->sync());
  }
  segments_[number] = {.file = std::move(file), .end = newest ? end : size};
  return {};
}

Result<void> Segments::create(std::int64_t number) {
  // One that could not be finished, on a full disk, is begun anew.
  const std::filesystem::path path = path_of(number);
  TRY_ASSIGN(std::shared_ptr<File> file, options_.files->open(path, FileSystem::Open::Replace));
  TRY(file->write_at(as_bytes(kMagic), 0));
  TRY(file->sync());
  TRY(options_.files->sync_folder(options_.folder));
  segments_[number] = {.file = std::move(file), .end = static_cast<std::int64_t>(kMagic.size())};
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

  TRY(check_syncs());
  const std::lock_guard lock(mutex_);
  if (segments_.rbegin()->second.end >= options_.roll_bytes) {
    TRY(create(segments_.rbegin()->first + 1));
  }
  auto& [number, segment] = *segments_.rbegin();
  TRY(segment.file->write_at(record, segment.end));
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

Result<std::shared_ptr<File>> Segments::file_of(std::int64_t number) {
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
  TRY(options_.files->remove(path_of(number)));
  segments_.erase(found);
  TRY(options_.files->sync_folder(options_.folder));
  return true;
}

std::vector<Segments::Frozen> Segments::freeze() {
  const std::lock_guard lock(mutex_);
  std::vector<Frozen> frozen;
  for (const auto& [number, segment] : segments_)
    frozen.push_back({path_of(number).filename().native(), segment.end, segment.file});
  return frozen;
}

Result<void> Segments::check_syncs() {
  // Appends do not wait for a sync under way.
  if (!has_failed_) return {};
  const std::lock_guard lock(sync_mutex_);
  return fail(*failed_sync_);
}

Result<void> Segments::sync(const std::set<std::int64_t>& segments) {
  // One at a time: the kernel reports a failure to one caller, and may have dropped another's bytes
  // with it.
  const std::lock_guard lock(sync_mutex_);
  if (failed_sync_) return fail(*failed_sync_);
  for (const std::int64_t number : segments) {
    TRY_ASSIGN(const auto file, file_of(number));
    const Result<void> synced = file->sync();
    if (synced) continue;
    failed_sync_ = Error{
        synced.error().code,
        fmt::format("content store: segment {} could not be synced ({}); nothing more is added",
                    path_of(number).native(), synced.error().message),
        "look after the disk, then start the node again"};
    has_failed_ = true;
    return fail(*failed_sync_);
  }
  return {};
}

Result<Bytes> Segments::read(const BlockPlace& place) {
  TRY_ASSIGN(const auto file, file_of(place.segment));
  Bytes bytes(static_cast<std::size_t>(place.length));
  TRY_ASSIGN(const std::size_t got, file->read_at(bytes, place.offset));
  if (got == bytes.size()) return bytes;
  return fail(Code::Internal, "content store: segment {} ends early",
              path_of(place.segment).native());
}

}  // namespace skrei::content::embedded
