// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace skrei::multi {

/// The multibase encodings understood here; the value is the prefix character.
enum class Base : char {
  Base16 = 'f',     ///< Lower-case hexadecimal.
  Base32 = 'b',     ///< RFC 4648, lower case, no padding.
  Base58Btc = 'z',  ///< Bitcoin's alphabet.
  Base64Url = 'u',  ///< RFC 4648 section 5, no padding.
};

/// Text of `bytes` with the multibase prefix.
std::string multibase_encode(Base base, ByteView bytes);

/// Inverse of multibase_encode. InvalidArgument on an unknown prefix, a foreign character, bits
/// left over, or more than 4096 characters.
Result<Bytes> multibase_decode(std::string_view text);

/// Base58btc without a prefix, as CID version 0 is written.
std::string base58btc_encode(ByteView bytes);
/// InvalidArgument on a foreign character or more than 4096 characters (the work is quadratic).
Result<Bytes> base58btc_decode(std::string_view text);

/// Base32 (RFC 4648, lower case) without prefix or padding.
std::string base32_encode(ByteView bytes);
Result<Bytes> base32_decode(std::string_view text);

}  // namespace skrei::multi
