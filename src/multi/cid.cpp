// SPDX-License-Identifier: Apache-2.0
#include "multi/cid.hpp"

#include <utility>

#include "base/assert.hpp"
#include "multi/multibase.hpp"
#include "multi/varint.hpp"

namespace skrei::multi {
namespace {

constexpr std::size_t kV0TextLength = 46;
constexpr std::size_t kV0BinaryLength = 34;
constexpr std::size_t kShownLength = 64;

bool looks_like_v0(std::string_view text) {
  return text.size() == kV0TextLength && text.starts_with("Qm");
}

Result<Cid> parse_any(std::string_view text) {
  if (looks_like_v0(text)) {
    TRY_ASSIGN(const Bytes bytes, base58btc_decode(text));
    TRY_ASSIGN(Multihash hash, Multihash::from_bytes(bytes));
    return Cid::v0(std::move(hash));
  }
  TRY_ASSIGN(const Bytes bytes, multibase_decode(text));
  if (!bytes.empty() && bytes[0] == 0x12) {
    return fail(Code::InvalidArgument, "a version 0 CID has no multibase prefix");
  }
  return Cid::from_bytes(bytes);
}

}  // namespace

std::string_view to_string(Codec codec) {
  switch (codec) {
    case Codec::Raw:
      return "raw";
    case Codec::DagPb:
      return "dag-pb";
    case Codec::DagCbor:
      return "dag-cbor";
  }
  std::unreachable();
}

Cid Cid::v1(Codec codec, Multihash hash) {
  return {1, codec, std::move(hash)};
}

Cid Cid::v0(Multihash hash) {
  SKREI_ASSERT(hash.code == HashCode::Sha2_256);
  return {0, Codec::DagPb, std::move(hash)};
}

Result<Cid> Cid::parse(std::string_view text) {
  Result<Cid> cid = parse_any(text);
  if (!cid) {
    const bool shortened = text.size() > kShownLength;
    cid.error().message =
        fmt::format("\"{}{}\" is not a CID: {}", to_valid_utf8(text.substr(0, kShownLength)),
                    shortened ? "…" : "", cid.error().message);
  }
  return cid;
}

Result<Cid> Cid::from_bytes(ByteView bytes) {
  if (bytes.size() == kV0BinaryLength && bytes[0] == 0x12 && bytes[1] == 0x20) {
    TRY_ASSIGN(Multihash hash, Multihash::from_bytes(bytes));
    return v0(std::move(hash));
  }
  TRY_ASSIGN(const Varint version, read_varint(bytes));
  if (version.value != 1) {
    return fail(Code::InvalidArgument, "CID version {} is not supported", version.value);
  }
  const ByteView after_version = bytes.subspan(version.size);
  TRY_ASSIGN(const Varint codec, read_varint(after_version));
  switch (static_cast<Codec>(codec.value)) {
    case Codec::Raw:
    case Codec::DagPb:
    case Codec::DagCbor:
      break;
    default:
      return fail(Code::InvalidArgument, "codec 0x{:x} is not supported", codec.value);
  }
  TRY_ASSIGN(Multihash hash, Multihash::from_bytes(after_version.subspan(codec.size)));
  return v1(static_cast<Codec>(codec.value), std::move(hash));
}

std::string Cid::to_string() const {
  return version_ == 0 ? base58btc_encode(to_bytes()) : multibase_encode(Base::Base32, to_bytes());
}

Bytes Cid::to_bytes() const {
  Bytes bytes;
  if (version_ == 1) {
    append_varint(bytes, 1);
    append_varint(bytes, std::to_underlying(codec_));
  }
  const Bytes hash = hash_.to_bytes();
  bytes.insert(bytes.end(), hash.begin(), hash.end());
  return bytes;
}

}  // namespace skrei::multi
