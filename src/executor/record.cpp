// SPDX-License-Identifier: Apache-2.0
#include "executor/record.hpp"

#include <utility>

namespace skrei::executor {
namespace {

void put(Bytes& bytes, std::uint64_t value, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i)
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t get(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

}  // namespace

void RecordWriter::u32(std::uint32_t value) {
  put(bytes_, value, 4);
}

void RecordWriter::u64(std::uint64_t value) {
  put(bytes_, value, 8);
}

void RecordWriter::text(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  const ByteView view = as_bytes(value);
  bytes_.insert(bytes_.end(), view.begin(), view.end());
}

ByteView RecordReader::take(std::size_t length) {
  if (damaged_ || rest_.size() < length) {
    damaged_ = true;
    return {};
  }
  const ByteView taken = rest_.first(length);
  rest_ = rest_.subspan(length);
  return taken;
}

std::uint8_t RecordReader::u8() {
  return static_cast<std::uint8_t>(get(take(1)));
}

std::uint32_t RecordReader::u32() {
  return static_cast<std::uint32_t>(get(take(4)));
}

std::uint64_t RecordReader::u64() {
  return get(take(8));
}

std::string RecordReader::text() {
  return std::string(as_chars(take(u32())));
}

std::uint32_t RecordReader::count(std::size_t item_bytes_min) {
  const std::uint32_t items = u32();
  if (items <= rest_.size() / item_bytes_min) return items;
  damaged_ = true;
  return 0;
}

int RecordReader::whole() {
  const std::int64_t value = i64();
  if (std::in_range<int>(value)) return static_cast<int>(value);
  damaged_ = true;
  return 0;
}

std::uint8_t RecordReader::below(std::uint8_t values) {
  const std::uint8_t value = u8();
  if (value < values) return value;
  damaged_ = true;
  return 0;
}

Result<void> RecordReader::finish(std::string_view what) const {
  if (damaged_ || !rest_.empty()) return fail(Code::InvalidArgument, "{}: damaged", what);
  return {};
}

}  // namespace skrei::executor
