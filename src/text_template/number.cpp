// SPDX-License-Identifier: Apache-2.0
#include "text_template/number.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace skrei::text_template {
namespace {

std::unexpected<Error> wrong(std::string_view message) {
  return fail(Code::InvalidArgument, "{}", message);
}

int base_of(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  switch (digits[1] | 0x20) {
    case 'x':
      return 16;
    case 'o':
      return 8;
    case 'b':
      return 2;
    default:
      return 10;
  }
}

/// Without the underscores that may stand between digits, and after a prefix.
Result<std::string> without_underscores(std::string_view text, bool has_prefix) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
      continue;
    }
    const auto is_digit = [](char c) {
      return c != '_' && c != '.' && c != '+' && c != '-';
    };
    const bool after = i == 0 ? has_prefix : is_digit(text[i - 1]);
    if (!after || i + 1 == text.size() || !is_digit(text[i + 1])) {
      return wrong("is no number: _ stands between digits");
    }
  }
  return plain;
}

Result<Value> parse_real(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc::result_out_of_range) {
    // Too near to 0 is 0, as in Go; too large is an error.
    if (text.contains("e-") || text.contains("E-")) return Value(0.0);
    return wrong("is too large");
  }
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return wrong("is no number");
  }
  return Value(value);
}

}  // namespace

Result<Value> parse_number(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = base_of(digits);
  const bool has_prefix = base != 10;
  if (has_prefix) digits.remove_prefix(2);
  if (digits.ends_with('i')) return wrong("is a complex number, which is not there");
  TRY_ASSIGN(const std::string plain, without_underscores(digits, has_prefix));
  if (base == 10 && plain.find_first_of(".eE") != std::string::npos) {
    if (plain.find_first_not_of("0123456789.eE+-") != std::string::npos) {
      return wrong("is no number");
    }
    return parse_real((negative ? "-" : "") + plain);
  }
  if (has_prefix && plain.find_first_of(".pP") != std::string::npos) {
    return wrong("is a hexadecimal real number, which is not there");
  }
  if (base == 10 && plain.size() > 1 && plain[0] == '0') base = 8;
  std::uint64_t magnitude = 0;
  const auto read = std::from_chars(plain.data(), plain.data() + plain.size(), magnitude, base);
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (read.ec == std::errc::result_out_of_range ||
      (read.ec == std::errc() && read.ptr == plain.data() + plain.size() &&
       magnitude > kMax + (negative ? 1 : 0))) {
    return wrong("is too large");
  }
  if (read.ec != std::errc() || read.ptr != plain.data() + plain.size()) {
    return wrong("is no number");
  }
  return Value(static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude));
}

}  // namespace skrei::text_template
