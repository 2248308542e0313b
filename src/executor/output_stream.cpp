// SPDX-License-Identifier: Apache-2.0
#include "executor/output_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.hpp"

namespace skrei::executor {
namespace {

constexpr std::string_view kMagic = "SKREIOUT";
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kHeaderBytes = 64;
// Places of the header's words, all of 64 bits; the magic is the first.
constexpr std::uint64_t kVersionAt = 8;
constexpr std::uint64_t kHeadAt = 16;
constexpr std::uint64_t kTailAt = 24;
constexpr std::uint64_t kReservedAt = 32;
constexpr std::uint64_t kWrittenAt = 40;
constexpr std::uint64_t kClosedAt = 48;

using HeaderBytes = std::array<std::uint8_t, kHeaderBytes>;

void put_word(std::span<std::uint8_t> bytes, std::uint64_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i)
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t word_at(std::span<const std::uint8_t> bytes, std::uint64_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

/// Where `offset` lies after the first byte of the head, and how many bytes lie there in one piece.
struct Piece {
  std::uint64_t position;
  std::uint64_t contiguous;
};

Piece piece_of(std::uint64_t offset, OutputRetention retention) {
  if (offset < retention.head_bytes) return {offset, retention.head_bytes - offset};
  const std::uint64_t in_ring = (offset - retention.head_bytes) % retention.tail_bytes;
  return {retention.head_bytes + in_ring, retention.tail_bytes - in_ring};
}

/// Position of the first byte of the head.
std::uint64_t data_begin(StreamPlace place, OutputRetention retention) {
  return place.data_at + place.streams_before * (retention.head_bytes + retention.tail_bytes);
}

/// First byte of the tail that is still there when bytes up to `reserved` were or are being
/// written.
std::uint64_t tail_begin(std::uint64_t reserved, OutputRetention retention) {
  if (reserved <= retention.head_bytes + retention.tail_bytes) return retention.head_bytes;
  return reserved - retention.tail_bytes;
}

Result<std::size_t> read_at(int fd, std::uint64_t position, std::span<std::uint8_t> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(position + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail_errno("output stream");
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

struct OutputReader::Header {
  OutputRetention retention;
  std::uint64_t reserved = 0;
  std::uint64_t written = 0;
  bool closed = false;

  std::uint64_t kept_from() const { return tail_begin(std::max(reserved, written), retention); }
};

OutputWriter::OutputWriter(int file, StreamPlace place, OutputRetention retention)
    : file_(file), place_(place), retention_(retention) {
  SKREI_ASSERT(retention.tail_bytes > 0);
}

Result<void> OutputWriter::append(ByteView bytes) {
  const std::uint64_t end = written_ + bytes.size();
  if (end > retention_.head_bytes + retention_.tail_bytes) {
    reserved_ = end;
    TRY(write_header());
  }
  std::uint64_t offset = written_;
  const std::uint64_t kept_from = tail_begin(end, retention_);
  while (!bytes.empty()) {
    if (offset >= retention_.head_bytes && offset < kept_from) {
      const std::uint64_t skip = std::min<std::uint64_t>(kept_from - offset, bytes.size());
      offset += skip;
      bytes = bytes.subspan(skip);
      continue;
    }
    const Piece piece = piece_of(offset, retention_);
    const std::size_t length = std::min<std::uint64_t>(bytes.size(), piece.contiguous);
    TRY(write_at(data_begin(place_, retention_) + piece.position, bytes.first(length)));
    offset += length;
    bytes = bytes.subspan(length);
  }
  written_ = end;
  return write_header();
}

Result<void> OutputWriter::close() {
  closed_ = true;
  return write_header();
}

/// One call, so that a reader finds the words of one state, or of two that follow each other.
Result<void> OutputWriter::write_header() {
  HeaderBytes header{};
  std::ranges::copy(as_bytes(kMagic), header.begin());
  put_word(header, kVersionAt, kVersion);
  put_word(header, kHeadAt, retention_.head_bytes);
  put_word(header, kTailAt, retention_.tail_bytes);
  put_word(header, kReservedAt, reserved_);
  put_word(header, kWrittenAt, written_);
  put_word(header, kClosedAt, closed_ ? 1 : 0);
  return write_at(place_.header_at, header);
}

Result<void> OutputWriter::write_at(std::uint64_t position, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (wrote < 0) {
      if (errno == EINTR) continue;
      return fail_errno("the program's output cannot be kept");
    }
    position += static_cast<std::uint64_t>(wrote);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<OutputReader> OutputReader::open(std::shared_ptr<const UniqueFd> file, StreamPlace place) {
  OutputReader reader(std::move(file), place);
  TRY(reader.header());
  return reader;
}

Result<OutputReader::Header> OutputReader::header() const {
  HeaderBytes bytes{};
  TRY_ASSIGN(const std::size_t length, read_at(file_->get(), place_.header_at, bytes));
  // Nothing written yet, or cut off before the header was there: a stream without a byte.
  if (length < kHeaderBytes || word_at(bytes, 0) == 0 || word_at(bytes, kVersionAt) == 0) {
    return Header{};
  }
  if (as_chars(ByteView(bytes).first(kMagic.size())) != kMagic) {
    return fail(Code::FailedPrecondition, "not an output stream");
  }
  if (const auto version = word_at(bytes, kVersionAt); version != kVersion) {
    return fail(Error{
        Code::FailedPrecondition,
        fmt::format("output stream of version {}; this Skrei knows version {}", version, kVersion),
        "start the Skrei that wrote it, or name another data directory"});
  }
  Header header{.retention = {word_at(bytes, kHeadAt), word_at(bytes, kTailAt)},
                .reserved = word_at(bytes, kReservedAt),
                .written = word_at(bytes, kWrittenAt),
                .closed = word_at(bytes, kClosedAt) != 0};
  if (header.retention.tail_bytes == 0 || header.retention.head_bytes >= 1ULL << 62 ||
      header.retention.tail_bytes >= 1ULL << 62) {
    return fail(Code::FailedPrecondition, "output stream with a damaged header");
  }
  // A power cut may have kept the counters and lost the bytes.
  struct stat info{};
  if (::fstat(file_->get(), &info) != 0) return fail_errno("output stream");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::uint64_t kept = size - std::min(size, data_begin(place_, header.retention));
  if (kept < header.retention.head_bytes + header.retention.tail_bytes) {
    header.written = std::min(header.written, kept);
  }
  return header;
}

Result<Bytes> OutputReader::copy(const Header& header, std::uint64_t from, std::uint64_t to) const {
  const std::uint64_t begin = data_begin(place_, header.retention);
  Bytes bytes(to - from);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const Piece piece = piece_of(from + done, header.retention);
    const std::size_t length = std::min<std::uint64_t>(bytes.size() - done, piece.contiguous);
    TRY_ASSIGN(const std::size_t got, read_at(file_->get(), begin + piece.position,
                                              std::span(bytes).subspan(done, length)));
    done += got;
    if (got < length) break;
  }
  bytes.resize(done);
  return bytes;
}

Result<OutputChunk> OutputReader::read(std::uint64_t offset, std::size_t max_bytes,
                                       Framing framing) const {
  TRY_ASSIGN(const Header before, header());
  if (offset > before.written) {
    return fail(Code::InvalidArgument, "offset {} is past the end of the output ({} bytes so far)",
                offset, before.written);
  }
  const std::uint64_t head = before.retention.head_bytes;
  std::uint64_t from = offset;
  if (offset >= head) from = std::max(offset, before.kept_from());
  from = std::min(from, before.written);
  std::uint64_t to =
      std::min<std::uint64_t>(before.written, from + std::max<std::size_t>(max_bytes, 4));
  if (from < head && before.kept_from() > head) to = std::min(to, head);
  TRY_ASSIGN(Bytes bytes, copy(before, from, to));

  // What the writer overwrote meanwhile is not what was asked for.
  TRY_ASSIGN(const Header after, header());
  if (const std::uint64_t kept_from = after.kept_from(); from >= head && from < kept_from) {
    const std::uint64_t lost = std::min<std::uint64_t>(kept_from - from, bytes.size());
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(lost));
    from += lost;
  } else if (from < head && to > head && kept_from > head) {
    bytes.resize(head - from);
  }
  OutputChunk chunk{.bytes = std::move(bytes), .offset = from};
  if (from > offset) chunk.dropped = ByteRange{offset, from};
  chunk.end_of_stream = before.closed && chunk.next_offset() == before.written;
  const bool gap_follows = chunk.next_offset() == head && after.kept_from() > head;
  if (framing == Framing::WholeCharacters && !chunk.end_of_stream && !gap_follows) {
    chunk.bytes.resize(utf8_prefix_length(as_chars(chunk.bytes)));
  }
  return chunk;
}

Result<std::uint64_t> OutputReader::written() const {
  TRY_ASSIGN(const Header now, header());
  return now.written;
}

}  // namespace skrei::executor
