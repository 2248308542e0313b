// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace skrei::executor {

/// Builds a record: whole numbers little-endian, texts with their length (u32) before them.
class RecordWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }
  void text(std::string_view value);

  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Reads a record that may be anything. After a field that is not there all later ones are empty or
/// zero, and finish() says so; so a decoder reads all fields, then asks once.
class RecordReader {
 public:
  explicit RecordReader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  std::string text();
  /// A number of list items, each of which takes at least `item_bytes_min` bytes of the record: a
  /// lying count cannot make the reader allocate more than the record's own size.
  std::uint32_t count(std::size_t item_bytes_min);
  /// An i64 that has to fit into an int.
  int whole();
  /// A number in [0, `values`): for enumerations.
  std::uint8_t below(std::uint8_t values);

  /// InvalidArgument ("<what>: damaged") unless every field was there and nothing is left over.
  Result<void> finish(std::string_view what) const;

 private:
  ByteView take(std::size_t length);

  ByteView rest_;
  bool damaged_ = false;
};

}  // namespace skrei::executor
