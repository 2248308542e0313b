// SPDX-License-Identifier: Apache-2.0
// printf of templates: the verbs %v %s %q %d %b %o %x %X %t %e %f %g %%, with width, precision
// and the flags + - space 0.

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <cstdio>

#include "base/bytes.hpp"
#include "text_template/functions.hpp"

namespace skrei::text_template {
namespace {

constexpr int kWidthMax = 1'000;

struct Directive {
  bool plus = false;
  bool minus = false;
  bool space = false;
  bool zero = false;
  int width = 0;
  /// -1: none was given.
  int precision = -1;
  char verb = '%';
  /// "%5.2f", for errors.
  std::string_view text;
};

std::unexpected<Error> wrong(std::string message) {
  return skrei::fail(Error{Code::InvalidArgument, std::move(message)});
}

/// Characters, not bytes.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text)
    width += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return width;
}

std::string padded(const Directive& directive, std::string text, bool is_number) {
  const std::size_t width = width_of(text);
  const auto wanted = static_cast<std::size_t>(directive.width);
  if (width >= wanted) return text;
  const std::size_t missing = wanted - width;
  if (directive.minus) return text + std::string(missing, ' ');
  if (!directive.zero || !is_number) return std::string(missing, ' ') + text;
  const bool has_sign = text.starts_with('-') || text.starts_with('+') || text.starts_with(' ');
  return text.insert(has_sign ? 1 : 0, std::string(missing, '0'));
}

std::string with_sign(const Directive& directive, std::string digits, bool negative) {
  if (negative) return "-" + digits;
  if (directive.plus) return "+" + digits;
  return directive.space ? " " + digits : digits;
}

std::string cut(std::string text, int precision) {
  if (precision < 0) return text;
  std::size_t at = 0;
  for (int characters = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (starts && characters++ == precision) break;
  }
  return text.substr(0, at);
}

/// As Go's strconv.Quote for texts of printable characters, control characters and broken UTF-8.
std::string quoted(std::string_view text) {
  constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kNames = "abfnrtv\\\"";
  std::string result = "\"";
  while (!text.empty()) {
    const std::size_t known = kMeant.find(text[0]);
    const auto byte = static_cast<unsigned char>(text[0]);
    const std::size_t size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0x80 ? 2 : 1;
    const std::string_view character = text.substr(0, size);
    const bool is_valid = character.size() == size && to_valid_utf8(character) == character;
    if (known != std::string_view::npos) {
      result += {'\\', kNames[known]};
      text.remove_prefix(1);
    } else if (byte < 0x20 || byte == 0x7f || !is_valid) {
      result += fmt::format("\\x{:02x}", byte);
      text.remove_prefix(1);
    } else {
      result += character;
      text.remove_prefix(size);
    }
  }
  return result + "\"";
}

std::string whole_digits(std::uint64_t magnitude, char verb) {
  const int base = verb == 'b' ? 2 : verb == 'o' ? 8 : verb == 'x' || verb == 'X' ? 16 : 10;
  std::array<char, 64> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, base);
  std::string digits(buffer.data(), written.ptr);
  if (verb == 'X') {
    for (char& c : digits)
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return digits;
}

std::string real_digits(const Directive& directive, double value) {
  if (directive.verb == 'v' || (directive.verb == 'g' && directive.precision < 0)) {
    return real_text(value);
  }
  const int precision = directive.precision < 0 ? 6 : directive.precision;
  std::array<char, 400 + kWidthMax> buffer{};
  const char* format = directive.verb == 'e' ? "%.*e" : directive.verb == 'f' ? "%.*f" : "%.*g";
  const int size = std::snprintf(buffer.data(), buffer.size(), format, precision, value);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::unexpected<Error> mismatch(const Directive& directive, const Value& value) {
  return wrong(fmt::format("{} does not go with {}", directive.text, kind_of(value)));
}

Result<std::string> print_text(const Directive& directive, const std::string& text,
                               const Value& value) {
  if (directive.zero || directive.plus || directive.space) {
    return wrong(fmt::format("the flags of {} are for numbers", directive.text));
  }
  switch (directive.verb) {
    case 'v':
    case 's':
      return padded(directive, cut(text, directive.precision), false);
    case 'q':
      return padded(directive, quoted(cut(text, directive.precision)), false);
    default:
      return mismatch(directive, value);
  }
}

Result<std::string> print_whole(const Directive& directive, std::int64_t number) {
  if (directive.precision >= 0) {
    return wrong(fmt::format("{} has a precision, and goes with a whole number", directive.text));
  }
  if (!std::string_view("vdboxX").contains(directive.verb)) return mismatch(directive, number);
  const bool negative = number < 0;
  const auto bits = std::bit_cast<std::uint64_t>(number);
  const std::string digits = whole_digits(negative ? 0 - bits : bits, directive.verb);
  return padded(directive, with_sign(directive, digits, negative), true);
}

Result<std::string> print_real(const Directive& directive, double number) {
  if (!std::string_view("vefg").contains(directive.verb)) return mismatch(directive, number);
  std::string digits = real_digits(directive, number);
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  return padded(directive, with_sign(directive, digits, negative), true);
}

Result<std::string> print_one(const Directive& directive, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return print_text(directive, *text, value);
  }
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return print_whole(directive, *number);
  if (const auto* number = std::get_if<double>(&value)) return print_real(directive, *number);
  const bool fits =
      directive.verb == 'v' || (directive.verb == 't' && std::holds_alternative<bool>(value));
  const bool plain = !directive.zero && !directive.plus && !directive.space &&
                     directive.precision < 0 &&
                     (directive.width == 0 || std::holds_alternative<bool>(value));
  if (!fits || !plain) return mismatch(directive, value);
  return padded(directive, to_text(value), false);
}

/// At most kWidthMax; moves `at` behind the digits.
Result<int> read_number(std::string_view format, std::size_t& at) {
  int number = 0;
  while (at < format.size() && std::isdigit(static_cast<unsigned char>(format[at])) != 0) {
    number = number * 10 + (format[at++] - '0');
    if (number > kWidthMax) {
      return wrong(fmt::format("a width or precision of more than {}", kWidthMax));
    }
  }
  return number;
}

/// At the character behind %.
Result<Directive> read_directive(std::string_view format, std::size_t& at) {
  const std::size_t begin = at - 1;
  Directive directive;
  for (; at < format.size(); ++at) {
    if (format[at] == '+') {
      directive.plus = true;
    } else if (format[at] == '-') {
      directive.minus = true;
    } else if (format[at] == ' ') {
      directive.space = true;
    } else if (format[at] == '0') {
      directive.zero = true;
    } else {
      break;
    }
  }
  TRY_ASSIGN(directive.width, read_number(format, at));
  if (at < format.size() && format[at] == '.') {
    ++at;
    TRY_ASSIGN(directive.precision, read_number(format, at));
  }
  if (at == format.size()) return wrong(fmt::format("{:?} ends within a %", format));
  directive.verb = format[at++];
  directive.text = format.substr(begin, at - begin);
  if (!std::string_view("vsqdboxXtefg%").contains(directive.verb)) {
    return wrong(fmt::format("{} is not there; %v prints anything", to_valid_utf8(directive.text)));
  }
  return directive;
}

}  // namespace

Result<std::string> format_text(std::string_view format, std::span<const Value> arguments) {
  std::string text;
  std::size_t used = 0;
  for (std::size_t at = 0; at < format.size();) {
    const std::size_t percent = std::min(format.find('%', at), format.size());
    text += format.substr(at, percent - at);
    if (percent == format.size()) break;
    at = percent + 1;
    TRY_ASSIGN(const Directive directive, read_directive(format, at));
    if (directive.verb == '%') {
      text += '%';
      continue;
    }
    if (used == arguments.size()) {
      return wrong(fmt::format("there is no argument for {}", directive.text));
    }
    TRY_ASSIGN(const std::string one, print_one(directive, arguments[used++]));
    text += one;
  }
  if (used < arguments.size()) {
    return wrong(fmt::format("{} of {} arguments are not used by {:?}", arguments.size() - used,
                             arguments.size(), format));
  }
  return text;
}

}  // namespace skrei::text_template
