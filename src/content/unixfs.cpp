// SPDX-License-Identifier: Apache-2.0
#include "content/unixfs.hpp"

#include <bit>

#include "content/protobuf.hpp"

namespace skrei::content {
namespace {

// unixfs.proto: Type, Data, filesize, blocksizes, hashType, fanout, mode, mtime.
constexpr std::uint32_t kType = 1;
constexpr std::uint32_t kData = 2;
constexpr std::uint32_t kFileSize = 3;
constexpr std::uint32_t kBlockSizes = 4;
constexpr std::uint32_t kHashType = 5;
constexpr std::uint32_t kFanout = 6;
constexpr std::uint32_t kMode = 7;
constexpr std::uint32_t kMtime = 8;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Code::InvalidArgument, "UnixFS node: {}", what);
}

template <class T>
Result<void> set_once(std::optional<T>& target, T value) {
  if (target) return wrong("a field is repeated");
  target = std::move(value);
  return {};
}

/// Old writers pack the block sizes into one bytes field.
Result<void> append_packed(ByteView packed, std::vector<std::uint64_t>& sizes) {
  while (!packed.empty()) {
    // A packed run is a message of bare varints; the key that the reader expects is put before.
    Bytes one{static_cast<std::uint8_t>(kBlockSizes << 3)};
    std::size_t length = 0;
    while (length < packed.size() && length < 10) {
      one.push_back(packed[length]);
      if ((packed[length++] & 0x80) == 0) break;
    }
    TRY_ASSIGN(const ProtobufField field, ProtobufReader(one).next());
    sizes.push_back(field.number);
    packed = packed.subspan(length);
  }
  return {};
}

Result<void> read_field(const ProtobufField& field, std::optional<std::uint64_t>& type,
                        UnixFsData& data) {
  const bool is_bytes = field.type == WireType::Bytes;
  if (field.field == kBlockSizes && is_bytes) return append_packed(field.bytes, data.block_sizes);
  const bool wants_bytes = field.field == kData || field.field == kMtime;
  if (is_bytes != wants_bytes) return wrong("a field has the wrong wire type");
  switch (field.field) {
    case kType:
      return set_once(type, field.number);
    case kData:
      return set_once(data.data, to_bytes(field.bytes));
    case kFileSize:
      return set_once(data.file_size, field.number);
    case kBlockSizes:
      data.block_sizes.push_back(field.number);
      return {};
    case kHashType:
      return set_once(data.hash_type, field.number);
    case kFanout:
      return set_once(data.fanout, field.number);
    case kMode:
    case kMtime:
      return {};
    default:
      return wrong("unknown field");
  }
}

std::uint64_t mix(std::uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccdULL;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53ULL;
  return k ^ (k >> 33);
}

std::uint64_t load(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

}  // namespace

Bytes encode_unixfs(const UnixFsData& data) {
  Bytes out;
  append_varint_field(out, kType, std::to_underlying(data.type));
  if (data.data) append_bytes_field(out, kData, *data.data);
  if (data.file_size) append_varint_field(out, kFileSize, *data.file_size);
  for (const std::uint64_t size : data.block_sizes)
    append_varint_field(out, kBlockSizes, size);
  if (data.hash_type) append_varint_field(out, kHashType, *data.hash_type);
  if (data.fanout) append_varint_field(out, kFanout, *data.fanout);
  return out;
}

Result<UnixFsData> decode_unixfs(ByteView bytes) {
  ProtobufReader reader(bytes);
  UnixFsData data;
  std::optional<std::uint64_t> type;
  while (!reader.done()) {
    TRY_ASSIGN(const ProtobufField field, reader.next());
    TRY(read_field(field, type, data));
  }
  if (!type) return wrong("has no type");
  if (*type > std::to_underlying(UnixFsType::HamtShard)) return wrong("unknown type");
  data.type = static_cast<UnixFsType>(*type);
  return data;
}

bool is_entry_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

std::uint64_t hamt_hash(std::string_view name) {
  constexpr std::uint64_t kC1 = 0x87c37b91114253d5ULL;
  constexpr std::uint64_t kC2 = 0x4cf5ad432745937fULL;
  std::uint64_t h1 = 0;
  std::uint64_t h2 = 0;
  std::string_view rest = name;
  for (; rest.size() >= 16; rest.remove_prefix(16)) {
    h1 ^= std::rotl(load(rest.data(), 8) * kC1, 31) * kC2;
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= std::rotl(load(rest.data() + 8, 8) * kC2, 33) * kC1;
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  if (rest.size() > 8) h2 ^= std::rotl(load(rest.data() + 8, rest.size() - 8) * kC2, 33) * kC1;
  h1 ^= std::rotl(load(rest.data(), std::min<std::size_t>(rest.size(), 8)) * kC1, 31) * kC2;
  h1 ^= name.size();
  h2 ^= name.size();
  h1 += h2;
  h2 += h1;
  return mix(h1) + mix(h2);
}

}  // namespace skrei::content
