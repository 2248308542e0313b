// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace skrei {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The same bytes, seen as the other type; nothing is copied.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_chars(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}
inline Bytes to_bytes(std::string_view text) {
  return to_bytes(as_bytes(text));
}

/// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);

/// Inverse of to_hex; takes upper case too. InvalidArgument on an odd length or another character.
Result<Bytes> from_hex(std::string_view text);

/// RFC 4648 base64 with padding.
std::string to_base64(ByteView bytes);
Result<Bytes> from_base64(std::string_view text);

/// RFC 4648 section 5 (URL-safe) without padding: page tokens and the like.
std::string to_base64url(ByteView bytes);
Result<Bytes> from_base64url(std::string_view text);

/// `text` with each invalid UTF-8 sequence replaced by U+FFFD. For bytes of jobs, files and peers
/// that go into JSON or onto a terminal.
std::string to_valid_utf8(std::string_view text);

/// Length of the longest prefix of `text` that does not end inside a UTF-8 sequence.
std::size_t utf8_prefix_length(std::string_view text);

}  // namespace skrei
