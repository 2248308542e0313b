// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "text_template/source.hpp"
#include "text_template/value.hpp"

namespace skrei::text_template {

struct Token {
  enum class Kind {
    Text,      ///< Between actions; trimmed already.
    Open,      ///< {{
    Close,     ///< }}
    Word,      ///< if, printf, true
    Field,     ///< ".name", without its dot
    Dot,       ///< .
    Variable,  ///< "$name", without its dollar
    Constant,
    LeftParen,
    RightParen,
    Pipe,
    Comma,
    Declare,  ///< :=
    Assign,   ///< =
    End,      ///< Of the text.
  };
  Kind kind = Kind::End;
  std::size_t at = 0;
  std::string text;
  Value constant = false;
  /// Within an action: white space stands before it.
  bool spaced = false;
};

/// Cuts a template into tokens. Comments are left out, white space is trimmed where a marker asks.
class Lexer {
 public:
  explicit Lexer(Source source) : source_(source) {}

  Result<Token> next();

 private:
  Result<Token> next_text();
  Result<Token> next_in_action();
  Result<Token> symbol(Token token);
  Result<Token> quoted(Token token);
  Result<Token> raw_quoted(Token token);
  Result<Token> character(Token token);
  Result<Token> number(Token token);
  Result<std::string> escape(char quote);
  Result<std::string> code_point(std::size_t digits);
  Result<void> skip_comment();
  Token take(Token token, Token::Kind kind, std::size_t length);
  std::string identifier();
  bool is_close_at(std::size_t at) const;
  std::string_view rest() const { return source_.text.substr(at_); }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.text.size() ? source_.text[at_ + ahead] : '\0';
  }

  Source source_;
  std::size_t at_ = 0;
  bool in_action_ = false;
  bool trim_next_ = false;
};

}  // namespace skrei::text_template
