// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "multi/multihash.hpp"

namespace skrei::multi {

/// What the bytes behind a CID are, by multicodec code.
enum class Codec : std::uint64_t {
  Raw = 0x55,
  DagPb = 0x70,
  DagCbor = 0x71,
};

std::string_view to_string(Codec codec);

/// A content identifier: version, codec and multihash of a block. Version 0 is always dag-pb with
/// sha2-256, written in base58btc ("Qm…"); version 1 is written in base32 ("bafy…").
class Cid {
 public:
  static Cid v1(Codec codec, Multihash hash);
  /// `hash` must be sha2-256.
  static Cid v0(Multihash hash);

  /// Version 0, or version 1 in base32, base58btc, base16 or base64url. No path, no "/ipfs/", no
  /// white space. The error names the text (shortened) and what is wrong with it.
  static Result<Cid> parse(std::string_view text);
  /// The whole of `bytes` must be one CID in binary form.
  static Result<Cid> from_bytes(ByteView bytes);

  /// Inverse of parse: base58btc for version 0, base32 for version 1.
  std::string to_string() const;
  Bytes to_bytes() const;

  int version() const { return version_; }
  Codec codec() const { return codec_; }
  const Multihash& hash() const { return hash_; }

  auto operator<=>(const Cid&) const = default;
  bool operator==(const Cid&) const = default;

 private:
  Cid(int version, Codec codec, Multihash hash)
      : version_(version), codec_(codec), hash_(std::move(hash)) {}

  int version_;
  Codec codec_;
  Multihash hash_;
};

}  // namespace skrei::multi

template <>
struct fmt::formatter<skrei::multi::Cid> : fmt::formatter<std::string_view> {
  auto format(const skrei::multi::Cid& cid, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(cid.to_string(), context);
  }
};

template <>
struct std::hash<skrei::multi::Cid> {
  std::size_t operator()(const skrei::multi::Cid& cid) const {
    return std::hash<std::string_view>()(skrei::as_chars(cid.hash().digest));
  }
};
