// SPDX-License-Identifier: Apache-2.0
#include "multi/multihash.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "multi/varint.hpp"

namespace skrei::multi {
namespace {

constexpr std::size_t kSha256Size = 32;

}  // namespace

Multihash Multihash::sha2_256(ByteView content) {
  const Sha256Digest digest = sha256(content);
  return Multihash{HashCode::Sha2_256, Bytes(digest.begin(), digest.end())};
}

Bytes Multihash::to_bytes() const {
  Bytes bytes;
  bytes.reserve(digest.size() + 4);
  append_varint(bytes, std::to_underlying(code));
  append_varint(bytes, digest.size());
  bytes.insert(bytes.end(), digest.begin(), digest.end());
  return bytes;
}

Result<Multihash> Multihash::from_bytes(ByteView bytes) {
  TRY_ASSIGN(const Varint code, read_varint(bytes));
  TRY_ASSIGN(const Varint length, read_varint(bytes.subspan(code.size)));
  const ByteView digest = bytes.subspan(code.size + length.size);
  if (length.value != digest.size()) {
    return fail(Code::InvalidArgument, "multihash says {} bytes of digest and has {}", length.value,
                digest.size());
  }
  switch (static_cast<HashCode>(code.value)) {
    case HashCode::Sha2_256:
      if (digest.size() != kSha256Size) {
        return fail(Code::InvalidArgument, "sha2-256 digest has {} bytes, not 32", digest.size());
      }
      return Multihash{HashCode::Sha2_256, skrei::to_bytes(digest)};
    case HashCode::Identity:
      if (digest.size() > kIdentitySizeMax) {
        return fail(Code::InvalidArgument, "identity hash has {} bytes; at most {} are taken",
                    digest.size(), kIdentitySizeMax);
      }
      return Multihash{HashCode::Identity, skrei::to_bytes(digest)};
  }
  return fail(Code::InvalidArgument, "hash function 0x{:x} is not supported; use sha2-256",
              code.value);
}

bool Multihash::matches(ByteView content) const {
  if (code == HashCode::Identity) return std::ranges::equal(content, digest);
  return std::ranges::equal(sha256(content), digest);
}

}  // namespace skrei::multi
