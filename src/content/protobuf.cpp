// SPDX-License-Identifier: Apache-2.0
#include "content/protobuf.hpp"

#include "multi/varint.hpp"

namespace skrei::content {

void append_varint_field(Bytes& out, std::uint32_t field, std::uint64_t value) {
  multi::append_varint(out, (field << 3) | std::to_underlying(WireType::Varint));
  multi::append_varint(out, value);
}

void append_bytes_field(Bytes& out, std::uint32_t field, ByteView value) {
  multi::append_varint(out, (field << 3) | std::to_underlying(WireType::Bytes));
  multi::append_varint(out, value.size());
  out.insert(out.end(), value.begin(), value.end());
}

Result<std::uint64_t> ProtobufReader::varint() {
  TRY_ASSIGN(const multi::Varint read, multi::read_varint(rest_));
  rest_ = rest_.subspan(read.size);
  return read.value;
}

Result<ProtobufField> ProtobufReader::next() {
  TRY_ASSIGN(const std::uint64_t key, varint());
  if (key >> 3 > 1000) return fail(Code::InvalidArgument, "protobuf field {} is unknown", key >> 3);
  ProtobufField field{static_cast<std::uint32_t>(key >> 3), static_cast<WireType>(key & 7)};
  TRY_ASSIGN(field.number, varint());
  if (field.type == WireType::Varint) return field;
  if (field.type != WireType::Bytes) {
    return fail(Code::InvalidArgument, "protobuf wire type {} is not used here", key & 7);
  }
  if (field.number > rest_.size()) return fail(Code::InvalidArgument, "protobuf field is cut off");
  field.bytes = rest_.first(field.number);
  rest_ = rest_.subspan(field.number);
  return field;
}

}  // namespace skrei::content
