// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <archive.h>
#include <archive_entry.h>

#include "base/assert.hpp"

namespace skrei::archive {
namespace {

struct FreeReader {
  void operator()(::archive* reader) const { archive_read_free(reader); }
};

constexpr std::size_t kPathLengthMax = 4096;

/// The path in the form that TarEntry promises; empty for the root itself.
Result<std::string> clean_path(std::string_view raw) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::InvalidArgument, "tar: entry \"{}\" {}", to_valid_utf8(raw.substr(0, 200)),
                why);
  };
  if (raw.size() > kPathLengthMax) return refuse("has too long a path");
  if (raw.starts_with('/')) return refuse("has an absolute path");
  std::string clean;
  while (!raw.empty()) {
    const std::size_t slash = std::min(raw.find('/'), raw.size());
    const std::string_view part = raw.substr(0, slash);
    raw.remove_prefix(std::min(slash + 1, raw.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") return refuse("has \"..\" in its path");
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

}  // namespace

struct TarReader::State {
  State(ReadFunction read, Budget budget) : source(std::move(read)), meter(budget, "tar") {}

  ReadFunction source;
  BudgetMeter meter;
  std::optional<Error> failure;
  std::array<std::uint8_t, 65536> input{};
  bool opened = false;
  std::unique_ptr<::archive, FreeReader> reader;

  static la_ssize_t on_read(::archive* reader, void* self, const void** data) {
    auto& state = *static_cast<State*>(self);
    Result<std::size_t> got = state.source(state.input);
    if (!got) {
      state.failure = std::move(got).error();
      archive_set_error(reader, EIO, "source failed");
      return -1;
    }
    *data = state.input.data();
    return static_cast<la_ssize_t>(*got);
  }

  std::unexpected<Error> error() {
    if (failure) return fail(*failure);
    const char* text = archive_error_string(reader.get());
    return fail(Code::InvalidArgument, "tar: {}",
                to_valid_utf8(text == nullptr ? "damaged" : text));
  }

  Result<void> open() {
    if (opened) return {};
    opened = true;
    reader.reset(archive_read_new());
    SKREI_ASSERT(reader != nullptr);
    archive_read_support_format_tar(reader.get());
    archive_read_support_filter_gzip(reader.get());
    if (archive_read_open(reader.get(), this, nullptr, on_read, nullptr) != ARCHIVE_OK) {
      return error();
    }
    return {};
  }

  /// What skipping would unpack unseen is read, so that it is charged.
  Result<void> drain(TarReader& self) {
    std::array<std::uint8_t, 16384> sink;  // NOLINT: written before it is read
    while (true) {
      TRY_ASSIGN(const std::size_t got, self.read(sink));
      if (got == 0) return {};
    }
  }
};

TarReader::TarReader(ReadFunction source, Budget budget)
    : state_(std::make_unique<State>(std::move(source), budget)) {}
TarReader::~TarReader() = default;

Result<std::optional<TarEntry>> TarReader::next() {
  if (state_->opened) TRY(state_->drain(*this));
  TRY(state_->open());
  while (true) {
    archive_entry* raw = nullptr;
    const int code = archive_read_next_header(state_->reader.get(), &raw);
    if (code == ARCHIVE_EOF) return std::nullopt;
    if (code < ARCHIVE_WARN) return state_->error();
    const char* name = archive_entry_pathname(raw);
    if (name == nullptr) name = archive_entry_pathname_utf8(raw);
    if (name == nullptr) return fail(Code::InvalidArgument, "tar: an entry has no name");
    TarEntry entry;
    TRY_ASSIGN(entry.path, clean_path(name));
    entry.depth = static_cast<std::size_t>(std::ranges::count(entry.path, '/'));
    TRY(state_->meter.charge_entry(entry.depth));
    if (archive_entry_hardlink(raw) != nullptr) {
      return fail(Code::InvalidArgument,
                  "tar: \"{}\" is a hard link; make the archive with --hard-dereference",
                  to_valid_utf8(entry.path));
    }
    switch (archive_entry_filetype(raw)) {
      case AE_IFREG:
        entry.type = EntryType::File;
        break;
      case AE_IFDIR:
        entry.type = EntryType::Folder;
        break;
      case AE_IFLNK: {
        entry.type = EntryType::Symlink;
        const char* target = archive_entry_symlink(raw);
        if (target == nullptr) target = archive_entry_symlink_utf8(raw);
        entry.link_target = target == nullptr ? "" : target;
        break;
      }
      default:
        return fail(Code::InvalidArgument, "tar: \"{}\" is neither file, folder nor symbolic link",
                    to_valid_utf8(entry.path));
    }
    if (!entry.path.empty()) return entry;
    if (entry.type != EntryType::Folder) {
      return fail(Code::InvalidArgument, "tar: an entry that is no folder has no name");
    }
  }
}

Result<std::size_t> TarReader::read(std::span<std::uint8_t> buffer) {
  const la_ssize_t got = archive_read_data(state_->reader.get(), buffer.data(), buffer.size());
  if (got < 0) return state_->error();
  TRY(state_->meter.charge_bytes(static_cast<std::uint64_t>(got)));
  return static_cast<std::size_t>(got);
}

}  // namespace skrei::archive
