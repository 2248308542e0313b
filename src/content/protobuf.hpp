// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

// The small part of protobuf's wire format that dag-pb and UnixFS use.

namespace skrei::content {

enum class WireType : std::uint8_t { Varint = 0, Bytes = 2 };

void append_varint_field(Bytes& out, std::uint32_t field, std::uint64_t value);
void append_bytes_field(Bytes& out, std::uint32_t field, ByteView value);

/// One field as read: `number` for Varint, `bytes` (a view of the input) for Bytes.
struct ProtobufField {
  std::uint32_t field = 0;
  WireType type = WireType::Varint;
  std::uint64_t number = 0;
  ByteView bytes = {};
};

/// Reads fields one after another. InvalidArgument on what is cut off, on varints that are not in
/// shortest form, and on other wire types.
class ProtobufReader {
 public:
  explicit ProtobufReader(ByteView bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  Result<ProtobufField> next();

 private:
  Result<std::uint64_t> varint();
  ByteView rest_;
};

}  // namespace skrei::content
