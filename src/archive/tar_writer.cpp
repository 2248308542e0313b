// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_writer.hpp"

#include <optional>
#include <string>

#include <archive.h>
#include <archive_entry.h>

#include "base/assert.hpp"

namespace skrei::archive {
namespace {

struct FreeWriter {
  void operator()(::archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

}  // namespace

struct TarWriter::State {
  WriteFunction sink;
  std::optional<Error> failure;
  std::uint64_t missing = 0;  ///< Bytes of the current file still to come.
  // Freed first: freeing an unfinished archive writes to the sink.
  std::unique_ptr<::archive, FreeWriter> writer;

  static la_ssize_t on_write(::archive*, void* self, const void* data, std::size_t size) {
    auto& state = *static_cast<State*>(self);
    const ByteView bytes(static_cast<const std::uint8_t*>(data), size);
    // libarchive is not told of a failure: a writer that has failed leaks its buffer when freed
    // (3.6.2). check() gives the error back instead, and the sink is not called again.
    if (state.failure) return static_cast<la_ssize_t>(size);
    if (Result<void> written = state.sink(bytes); !written) {
      state.failure = std::move(written).error();
    }
    return static_cast<la_ssize_t>(size);
  }

  Result<void> check(la_ssize_t code) {
    if (failure) return fail(*failure);
    if (code >= ARCHIVE_WARN) return {};
    const char* text = archive_error_string(writer.get());
    return fail(Code::Internal, "tar: {}", text == nullptr ? "failed" : text);
  }

  Result<void> add(std::string_view path, unsigned type, unsigned mode, std::uint64_t size,
                   std::string_view target) {
    if (missing > 0) {
      return fail(Code::Internal, "tar: the file before \"{}\" lacks {} bytes", to_valid_utf8(path),
                  missing);
    }
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), std::string(path).c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), mode);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    if (type == AE_IFLNK) archive_entry_set_symlink(entry.get(), std::string(target).c_str());
    missing = size;
    return check(archive_write_header(writer.get(), entry.get()));
  }
};

TarWriter::TarWriter(WriteFunction sink, Compression compression)
    : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  state_->writer.reset(archive_write_new());
  ::archive* writer = state_->writer.get();
  SKREI_ASSERT(writer != nullptr);
  archive_write_set_format_pax_restricted(writer);
  if (compression == Compression::Gzip) {
    archive_write_add_filter_gzip(writer);
    archive_write_set_options(writer, "gzip:!timestamp");
  }
  // Names are bytes: without this libarchive asks the locale for a translation.
  archive_write_set_options(writer, "hdrcharset=BINARY");
  archive_write_set_bytes_per_block(writer, 0);
  archive_write_set_bytes_in_last_block(writer, 1);
  SKREI_ASSERT(archive_write_open(writer, state_.get(), nullptr, State::on_write, nullptr) ==
               ARCHIVE_OK);
}

TarWriter::~TarWriter() {
  // An unfinished archive would be flushed into a sink that may be gone.
  state_->sink = [](ByteView) -> Result<void> {
    return {};
  };
}

Result<void> TarWriter::add_folder(std::string_view path) {
  return state_->add(path, AE_IFDIR, 0755, 0, {});
}

Result<void> TarWriter::add_symlink(std::string_view path, std::string_view target) {
  return state_->add(path, AE_IFLNK, 0777, 0, target);
}

Result<void> TarWriter::begin_file(std::string_view path, std::uint64_t size) {
  return state_->add(path, AE_IFREG, 0644, size, {});
}

Result<void> TarWriter::write(ByteView bytes) {
  if (bytes.size() > state_->missing) {
    return fail(Code::Internal, "tar: a file has more bytes than it was said to have");
  }
  state_->missing -= bytes.size();
  if (bytes.empty()) return {};
  return state_->check(archive_write_data(state_->writer.get(), bytes.data(), bytes.size()));
}

Result<void> TarWriter::finish() {
  if (state_->missing > 0) {
    return fail(Code::Internal, "tar: the last file lacks {} bytes", state_->missing);
  }
  return state_->check(archive_write_close(state_->writer.get()));
}

}  // namespace skrei::archive
