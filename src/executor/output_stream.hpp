// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/fd.hpp"

namespace skrei::executor {

// What a program wrote to one stream, kept within bounds in a part of a file: the first bytes and
// the last ones stay, the middle is dropped. Offsets count all bytes that were ever written. One
// writer; any number of readers in any process, during the run and after it. Readers never hold up
// the writer.
//
// The part: a header of 64 bytes (magic, version, sizes, counters, little-endian); elsewhere in the
// same file the head, and behind it the tail as a ring: byte `offset` of the tail lies at
// `(offset - head) % tail_bytes`. The header is first written with the first bytes: where there is
// none, nothing was said. The writer announces what it is going to overwrite (`reserved`), writes
// it, then moves `written`. A reader looks at the counters before and after it copies, so that it
// never takes new bytes for old ones. A writer killed at any instruction leaves a stream that reads
// right up to `written`. Nothing is synced: after a power cut the end may be missing or zero.

/// How much of a stream stays: bytes from its beginning and bytes from its end.
struct OutputRetention {
  std::uint64_t head_bytes = 4ULL << 20;
  std::uint64_t tail_bytes = 60ULL << 20;

  bool operator==(const OutputRetention&) const = default;
};

/// Where a stream lies in its file: its header, and its data among those of other streams, which
/// are kept within the same bounds.
struct StreamPlace {
  std::uint64_t header_at = 0;
  std::uint64_t data_at = 64;  ///< Of the first stream.
  std::uint64_t streams_before = 0;
};

/// Bytes `from` up to, not including, `to`.
struct ByteRange {
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  bool operator==(const ByteRange&) const = default;
};

/// Where a chunk may end.
enum class Framing {
  Exact,            ///< Anywhere: the bytes as they are.
  WholeCharacters,  ///< Not inside a UTF-8 sequence, unless the stream ends or has a gap there.
};

/// A piece of a stream.
struct OutputChunk {
  Bytes bytes;
  /// Offset of the first byte; `dropped->to` where something was dropped before it.
  std::uint64_t offset = 0;
  /// What the reader asked for and cannot have any more.
  std::optional<ByteRange> dropped;
  /// Nothing follows this chunk, and nothing will.
  bool end_of_stream = false;

  std::uint64_t next_offset() const { return offset + bytes.size(); }
  bool operator==(const OutputChunk&) const = default;
};

class OutputWriter {
 public:
  /// The file is open for writing, outlives the writer, and has nothing at `place`.
  /// `retention.tail_bytes` is at least 1.
  OutputWriter(int file, StreamPlace place, OutputRetention retention);

  /// Appends; the disk's errors come back, what was written before stays readable.
  Result<void> append(ByteView bytes);

  /// Marks the end of the stream, which readers see as `end_of_stream`.
  Result<void> close();

  /// Bytes ever written.
  std::uint64_t written() const { return written_; }

 private:
  Result<void> write_at(std::uint64_t position, ByteView bytes);
  Result<void> write_header();

  int file_;
  StreamPlace place_;
  OutputRetention retention_;
  std::uint64_t reserved_ = 0;
  std::uint64_t written_ = 0;
  bool closed_ = false;
};

class OutputReader {
 public:
  /// FailedPrecondition if a newer Skrei wrote the stream or it is something else.
  static Result<OutputReader> open(std::shared_ptr<const UniqueFd> file, StreamPlace place);

  /// At most `max_bytes` (at least 4) from `offset` on. An empty chunk without `end_of_stream`
  /// means: nothing yet (or, with WholeCharacters, only a part of a character).
  /// InvalidArgument for an offset past the end.
  Result<OutputChunk> read(std::uint64_t offset, std::size_t max_bytes, Framing framing) const;

  /// Bytes ever written, as of now.
  Result<std::uint64_t> written() const;

 private:
  struct Header;

  OutputReader(std::shared_ptr<const UniqueFd> file, StreamPlace place)
      : file_(std::move(file)), place_(place) {}
  Result<Header> header() const;
  Result<Bytes> copy(const Header& header, std::uint64_t from, std::uint64_t to) const;

  std::shared_ptr<const UniqueFd> file_;  // Of all streams that are read from it.
  StreamPlace place_;
};

}  // namespace skrei::executor
