// SPDX-License-Identifier: Apache-2.0
#include "multi/multibase.hpp"

#include <algorithm>

namespace skrei::multi {
namespace {

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t kTextLengthMax = 4096;

Result<void> check_length(std::string_view text) {
  if (text.size() <= kTextLengthMax) return {};
  return fail(Code::InvalidArgument, "multibase text of {} characters is longer than {}",
              text.size(), kTextLengthMax);
}

std::unexpected<Error> foreign(char c, std::string_view name) {
  return fail(Code::InvalidArgument, "character 0x{:02x} is not in the {} alphabet",
              static_cast<unsigned char>(c), name);
}

Result<Bytes> base16_decode(std::string_view text) {
  for (const char c : text) {
    if (c >= 'A' && c <= 'F') return foreign(c, "lower-case base16");
  }
  return from_hex(text);
}

}  // namespace

std::string base32_encode(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 4) / 5);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kBase32[(buffer >> bits) & 31];
    }
    buffer &= (1U << bits) - 1;
  }
  if (bits > 0) text += kBase32[(buffer << (5 - bits)) & 31];
  return text;
}

Result<Bytes> base32_decode(std::string_view text) {
  TRY(check_length(text));
  Bytes bytes;
  bytes.reserve(text.size() * 5 / 8);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t digit = kBase32.find(c);
    if (digit == std::string_view::npos) return foreign(c, "base32");
    buffer = (buffer << 5) | static_cast<std::uint32_t>(digit);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::uint8_t>(buffer >> bits));
    buffer &= (1U << bits) - 1;
  }
  if (bits >= 5 || buffer != 0) {
    return fail(Code::InvalidArgument, "base32 text has bits left over at its end");
  }
  return bytes;
}

std::string base58btc_encode(ByteView bytes) {
  const auto first = std::ranges::find_if(bytes, [](std::uint8_t b) { return b != 0; });
  const auto zeros = static_cast<std::size_t>(first - bytes.begin());
  Bytes digits;  // Base 58, lowest first.
  for (const std::uint8_t byte : bytes.subspan(zeros)) {
    std::uint32_t carry = byte;
    for (std::uint8_t& digit : digits) {
      carry += static_cast<std::uint32_t>(digit) << 8;
      digit = static_cast<std::uint8_t>(carry % 58);
      carry /= 58;
    }
    for (; carry > 0; carry /= 58)
      digits.push_back(static_cast<std::uint8_t>(carry % 58));
  }
  std::string text(zeros, kBase58[0]);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit)
    text += kBase58[*digit];
  return text;
}

Result<Bytes> base58btc_decode(std::string_view text) {
  TRY(check_length(text));
  const std::size_t zeros = std::min(text.find_first_not_of(kBase58[0]), text.size());
  Bytes digits;  // Base 256, lowest first.
  for (const char c : text.substr(zeros)) {
    const std::size_t value = kBase58.find(c);
    if (value == std::string_view::npos) return foreign(c, "base58btc");
    auto carry = static_cast<std::uint32_t>(value);
    for (std::uint8_t& digit : digits) {
      carry += static_cast<std::uint32_t>(digit) * 58;
      digit = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8)
      digits.push_back(static_cast<std::uint8_t>(carry));
  }
  Bytes bytes(zeros, 0);
  bytes.insert(bytes.end(), digits.rbegin(), digits.rend());
  return bytes;
}

std::string multibase_encode(Base base, ByteView bytes) {
  const std::string prefix(1, static_cast<char>(base));
  switch (base) {
    case Base::Base16:
      return prefix + to_hex(bytes);
    case Base::Base32:
      return prefix + base32_encode(bytes);
    case Base::Base58Btc:
      return prefix + base58btc_encode(bytes);
    case Base::Base64Url:
      return prefix + to_base64url(bytes);
  }
  std::unreachable();
}

Result<Bytes> multibase_decode(std::string_view text) {
  TRY(check_length(text));
  if (text.empty()) return fail(Code::InvalidArgument, "multibase text is empty");
  const std::string_view digits = text.substr(1);
  switch (static_cast<Base>(text[0])) {
    case Base::Base16:
      return base16_decode(digits);
    case Base::Base32:
      return base32_decode(digits);
    case Base::Base58Btc:
      return base58btc_decode(digits);
    case Base::Base64Url:
      return from_base64url(digits);
  }
  return fail(Code::InvalidArgument, "multibase prefix 0x{:02x} is not supported",
              static_cast<unsigned char>(text[0]));
}

}  // namespace skrei::multi
