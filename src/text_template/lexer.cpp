// SPDX-License-Identifier: Apache-2.0
#include "text_template/lexer.hpp"

#include <algorithm>
#include <charconv>

#include "base/bytes.hpp"
#include "text_template/number.hpp"

namespace skrei::text_template {
namespace {

using Kind = Token::Kind;

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kSpaces = " \t\r\n";

bool is_space(char c) {
  return c != '\0' && kSpaces.contains(c);
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(0x80 | ((point >> shift) & 0x3f));
  };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// The first character of a text, which is not empty; nothing if it is not UTF-8.
std::optional<std::pair<std::uint32_t, std::size_t>> first_character(std::string_view text) {
  const auto head = static_cast<unsigned char>(text[0]);
  if (head < 0x80) return std::pair(std::uint32_t{head}, std::size_t{1});
  const std::size_t size = head >= 0xf0 ? 4 : head >= 0xe0 ? 3 : 2;
  if (text.size() < size || utf8_prefix_length(text.substr(0, size)) != size) return std::nullopt;
  if (to_valid_utf8(text.substr(0, size)) != text.substr(0, size)) return std::nullopt;
  std::uint32_t point = head & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i)
    point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return std::pair(point, size);
}

}  // namespace

Result<Token> Lexer::next() {
  return in_action_ ? next_in_action() : next_text();
}

Token Lexer::take(Token token, Kind kind, std::size_t length) {
  token.kind = kind;
  at_ += length;
  return token;
}

Result<Token> Lexer::next_text() {
  Token token{.at = at_};
  while (true) {
    if (trim_next_)
      at_ = std::min(source_.text.find_first_not_of(kSpaces, at_), source_.text.size());
    trim_next_ = false;
    const std::size_t open = std::min(source_.text.find(kOpen, at_), source_.text.size());
    std::string_view text = source_.text.substr(at_, open - at_);
    const std::size_t after = open + kOpen.size();
    const bool trims = source_.text.substr(std::min(after, source_.text.size())).starts_with('-') &&
                       after + 1 < source_.text.size() && is_space(source_.text[after + 1]);
    if (trims) text = text.substr(0, text.find_last_not_of(kSpaces) + 1);
    at_ = open;
    // Pieces around a comment are one text.
    token.text += text;
    if (open == source_.text.size()) break;
    const std::size_t inside =
        trims ? std::min(source_.text.find_first_not_of(kSpaces, after + 1), source_.text.size())
              : after;
    if (!source_.text.substr(inside).starts_with("/*")) break;
    at_ = inside;
    TRY(skip_comment());
  }
  if (!token.text.empty()) {
    token.kind = Kind::Text;
    return token;
  }
  token.at = at_;
  if (at_ == source_.text.size()) return take(std::move(token), Kind::End, 0);
  in_action_ = true;
  const bool trims = peek(2) == '-' && is_space(peek(3));
  return take(std::move(token), Kind::Open, trims ? 3 : 2);
}

Result<void> Lexer::skip_comment() {
  const std::size_t begin = at_;
  const std::size_t end = source_.text.find("*/", at_ + 2);
  if (end == std::string_view::npos) return source_.fail(begin, "this comment has no end");
  at_ = end + 2;
  if (is_space(peek())) {
    const std::size_t mark =
        std::min(source_.text.find_first_not_of(kSpaces, at_), source_.text.size());
    trim_next_ = source_.text.substr(mark).starts_with("-}}");
    if (trim_next_) at_ = mark + 1;
  }
  if (!rest().starts_with(kClose)) {
    return source_.fail(at_, "a comment is all of its action: }} has to follow its end");
  }
  at_ += kClose.size();
  return {};
}

bool Lexer::is_close_at(std::size_t at) const {
  return source_.text.substr(at).starts_with(kClose);
}

Result<Token> Lexer::next_in_action() {
  Token token{.at = at_};
  while (is_space(peek())) {
    token.spaced = true;
    ++at_;
  }
  token.at = at_;
  if (at_ == source_.text.size()) return source_.fail(at_, "an action has no end: }} is missing");
  const bool trims = token.spaced && peek() == '-' && is_close_at(at_ + 1);
  if (trims || is_close_at(at_)) {
    trim_next_ = trims;
    in_action_ = false;
    return take(std::move(token), Kind::Close, trims ? 3 : 2);
  }
  const char c = peek();
  if (c == '"') return quoted(std::move(token));
  if (c == '`') return raw_quoted(std::move(token));
  if (c == '\'') return character(std::move(token));
  const bool signed_number = (c == '+' || c == '-') && (is_digit(peek(1)) || peek(1) == '.');
  if (is_digit(c) || signed_number || (c == '.' && is_digit(peek(1)))) {
    return number(std::move(token));
  }
  if (is_letter(c)) {
    token.text = identifier();
    token.kind = Kind::Word;
    return token;
  }
  return symbol(std::move(token));
}

Result<Token> Lexer::symbol(Token token) {
  switch (peek()) {
    case '(':
      return take(std::move(token), Kind::LeftParen, 1);
    case ')':
      return take(std::move(token), Kind::RightParen, 1);
    case '|':
      return take(std::move(token), Kind::Pipe, 1);
    case ',':
      return take(std::move(token), Kind::Comma, 1);
    case '=':
      return take(std::move(token), Kind::Assign, 1);
    case ':':
      if (peek(1) == '=') return take(std::move(token), Kind::Declare, 2);
      break;
    case '.':
    case '$': {
      const bool is_field = peek() == '.';
      ++at_;
      token.text = is_letter(peek()) || (!is_field && is_digit(peek())) ? identifier() : "";
      token.kind = !is_field ? Kind::Variable : token.text.empty() ? Kind::Dot : Kind::Field;
      return token;
    }
    default:
      break;
  }
  const auto character = first_character(rest());
  return source_.fail(
      at_, fmt::format("{:?} has no meaning in an action",
                       character ? rest().substr(0, character->second) : rest().substr(0, 1)));
}

std::string Lexer::identifier() {
  const std::size_t begin = at_;
  while (is_letter(peek()) || is_digit(peek()))
    ++at_;
  return std::string(source_.text.substr(begin, at_ - begin));
}

Result<Token> Lexer::raw_quoted(Token token) {
  const std::size_t end = source_.text.find('`', at_ + 1);
  if (end == std::string_view::npos) return source_.fail(at_, "this text has no closing `");
  std::string text(source_.text.substr(at_ + 1, end - at_ - 1));
  std::erase(text, '\r');
  token.constant = std::move(text);
  return take(std::move(token), Kind::Constant, end + 1 - at_);
}

Result<Token> Lexer::quoted(Token token) {
  std::string text;
  ++at_;
  while (peek() != '"') {
    if (at_ == source_.text.size() || peek() == '\n') {
      return source_.fail(token.at, "this text has no closing \"");
    }
    if (peek() == '\\') {
      TRY_ASSIGN(const std::string meant, escape('"'));
      text += meant;
    } else {
      text += source_.text[at_++];
    }
  }
  token.constant = std::move(text);
  return take(std::move(token), Kind::Constant, 1);
}

Result<std::string> Lexer::code_point(std::size_t digits) {
  std::uint32_t point = 0;
  const std::string_view text = rest().substr(0, digits);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), point, 16);
  const bool is_surrogate = point >= 0xd800 && point < 0xe000;
  if (text.size() != digits || read.ptr != text.data() + digits || read.ec != std::errc() ||
      point > 0x10ffff || (digits > 2 && is_surrogate)) {
    return source_.fail(at_, fmt::format("{:?} is no character", text));
  }
  at_ += digits;
  std::string meant;
  if (digits == 2) {
    meant += static_cast<char>(point);
  } else {
    append_utf8(meant, point);
  }
  return meant;
}

/// At the backslash: what it stands for, as bytes, within quotes of this kind.
Result<std::string> Lexer::escape(char quote) {
  constexpr std::string_view kNames = "abfnrtv\\";
  constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\";
  const std::size_t begin = at_++;
  const char c = peek();
  if (c == 'x' || c == 'u' || c == 'U') {
    ++at_;
    return code_point(c == 'x' ? 2 : c == 'u' ? 4 : 8);
  }
  if (c >= '0' && c <= '7') {
    unsigned number = 0;
    const std::string_view text = rest().substr(0, 3);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number, 8);
    if (read.ptr != text.data() + 3 || number > 255) {
      return source_.fail(begin, "an octal escape has three digits, up to \\377");
    }
    at_ += 3;
    return std::string(1, static_cast<char>(number));
  }
  if (c == quote) {
    ++at_;
    return std::string(1, c);
  }
  const std::size_t index = c == '\0' ? std::string_view::npos : kNames.find(c);
  if (index == std::string_view::npos) {
    return source_.fail(begin, fmt::format("\\{} is no escape", std::string_view(&c, 1)));
  }
  ++at_;
  return std::string(1, kMeant[index]);
}

Result<Token> Lexer::character(Token token) {
  ++at_;
  const auto wrong = [&] {
    return source_.fail(token.at, "'…' holds one character; a text stands in \"…\"");
  };
  std::int64_t point = 0;
  if (peek() == '\\') {
    const bool is_byte = peek(1) == 'x' || is_digit(peek(1));
    TRY_ASSIGN(const std::string meant, escape('\''));
    const auto read = is_byte
                          ? std::optional(std::pair(
                                std::uint32_t{static_cast<unsigned char>(meant[0])}, meant.size()))
                          : first_character(meant);
    point = read->first;
  } else {
    if (at_ == source_.text.size() || peek() == '\'' || peek() == '\n') return wrong();
    const auto read = first_character(rest());
    if (!read) return wrong();
    point = read->first;
    at_ += read->second;
  }
  if (peek() != '\'') return wrong();
  token.constant = point;
  return take(std::move(token), Kind::Constant, 1);
}

Result<Token> Lexer::number(Token token) {
  std::size_t length = 1;
  const auto is_part = [&](char c) {
    const bool after_exponent = std::string_view("eEpP").contains(peek(length - 1));
    return is_digit(c) || is_letter(c) || c == '.' || ((c == '+' || c == '-') && after_exponent);
  };
  while (is_part(peek(length)))
    ++length;
  const std::string_view text = rest().substr(0, length);
  const auto value = parse_number(text);
  if (!value) return source_.fail(at_, fmt::format("{} {}", text, value.error().message));
  token.constant = *value;
  return take(std::move(token), Kind::Constant, length);
}

}  // namespace skrei::text_template
