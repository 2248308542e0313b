// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace skrei::style {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Blanks `text` from `begin` to `end`, newlines stay.
void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end && i < text.size(); ++i) {
    if (text[i] != '\n') {
      text[i] = ' ';
    }
  }
}

/// Offset after the literal that opens at `begin` with the quote `text[begin]`.
std::size_t end_of_literal(std::string_view text, std::size_t begin) {
  std::size_t i = begin + 1;
  while (i < text.size() && text[i] != text[begin] && text[i] != '\n') {
    i += text[i] == '\\' ? 2 : 1;
  }
  return std::min(i + 1, text.size());
}

/// Offset after the raw string whose opening quote stands at `quote`: R"delimiter( … )delimiter".
std::size_t end_of_raw_string(std::string_view text, std::size_t quote) {
  const std::size_t open = text.find('(', quote);
  if (open == std::string_view::npos) {
    return text.size();
  }
  std::string closing = ")";
  closing += text.substr(quote + 1, open - quote - 1);
  closing += '"';
  const std::size_t close = text.find(closing, open);
  return close == std::string_view::npos ? text.size() : close + closing.size();
}

/// The quote of 1'000'000 separates digits and opens nothing.
bool is_digit_separator(std::string_view text, std::size_t i) {
  return text[i] == '\'' && i > 0 && is_word(text[i - 1]) && i + 1 < text.size() &&
         std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
         std::isxdigit(static_cast<unsigned char>(text[i - 1])) != 0;
}

std::string without_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    std::size_t end = i + 1;
    if (rest.starts_with("//")) {
      end = std::min(text.find('\n', i), text.size());
      blank(code, i, end);
    } else if (rest.starts_with("/*")) {
      const std::size_t close = text.find("*/", i + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      blank(code, i, end);
    } else if (rest.starts_with("R\"") && (i == 0 || !is_word(text[i - 1]))) {
      end = end_of_raw_string(text, i + 1);
      blank(code, i + 2, end - 1);
    } else if (rest[0] == '"' || (rest[0] == '\'' && !is_digit_separator(text, i))) {
      end = end_of_literal(text, i);
      blank(code, i + 1, end - 1);
    }
    i = end;
  }
  return code;
}

/// Blanks `#…` lines with their continuations.
void blank_preprocessor(std::string& code) {
  for (std::size_t begin = 0; begin < code.size();) {
    std::size_t end = std::min(code.find('\n', begin), code.size());
    const std::size_t first = code.find_first_not_of(" \t", begin);
    if (first != std::string::npos && code[first] == '#') {
      while (end < code.size() && end > 0 && code[end - 1] == '\\') {
        end = std::min(code.find('\n', end + 1), code.size());
      }
      blank(code, begin, end);
    }
    begin = end + 1;
  }
}

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (!line.starts_with("#include ")) {
      continue;
    }
    const std::size_t open = line.find_first_of("<\"");
    const std::size_t close = line.find_last_of(">\"");
    if (open != std::string_view::npos && close > open) {
      includes.push_back({number, std::string(line.substr(open, close - open + 1))});
    }
  }
  return includes;
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_word(text[at - 1]);
    const std::size_t after = at + word.size();
    if (starts && (after == text.size() || !is_word(text[after]))) {
      return true;
    }
  }
  return false;
}

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) {
    line.pop_back();
  }
  return line;
}

/// Reads braces from left to right; `head` is what stands between the last ';', '{' or '}' and
/// here.
class BraceReader {
 public:
  explicit BraceReader(std::string_view code) : code_(code) {}

  std::vector<Function> read() {
    for (at_ = 0; at_ < code_.size(); ++at_) {
      switch (code_[at_]) {
        case '{':
          open();
          break;
        case '}':
          close();
          break;
        case ';':
          head_begin_ = at_ + 1;
          break;
        default:
          break;
      }
    }
    return std::move(functions_);
  }

 private:
  enum class Kind { Transparent, Function, Other };
  struct Scope {
    Kind kind;
    std::size_t head_begin;
    std::string head;
  };

  bool inside_function() const {
    return std::ranges::any_of(scopes_, [](const Scope& s) { return s.kind != Kind::Transparent; });
  }

  /// `Foo::Foo() : a_{1}, b_{2} {`: the brace after a_ opens a member's initialiser, not a body.
  static bool is_member_initialiser(std::string_view head) {
    const std::size_t colon = std::min(head.find(") :"), head.find(") noexcept :"));
    return colon != std::string_view::npos && !head.empty() &&
           (is_word(head.back()) || head.back() == '>') && !has_word(head.substr(colon), "try");
  }

  static Kind kind_of(std::string_view head) {
    head = without_template(head);
    const bool has_parameters = head.contains(')');
    for (const std::string_view word : {"class ", "struct ", "union ", "enum "}) {
      const bool returns_it = head.ends_with(')');
      if ((head.starts_with(word) || head == word.substr(0, word.size() - 1)) && !returns_it) {
        return Kind::Transparent;
      }
    }
    if (has_word(head, "namespace") || head.starts_with("extern \"")) {
      return Kind::Transparent;
    }
    return has_parameters ? Kind::Function : Kind::Other;
  }

  /// Drops `template <…>` from the front.
  static std::string_view without_template(std::string_view head) {
    while (head.starts_with("template")) {
      std::size_t i = head.find('<');
      int depth = 0;
      for (; i < head.size(); ++i) {
        depth += head[i] == '<' ? 1 : head[i] == '>' ? -1 : 0;
        if (depth == 0) {
          break;
        }
      }
      head.remove_prefix(std::min(i + 1, head.size()));
      head.remove_prefix(std::min(head.find_first_not_of(' '), head.size()));
    }
    return head;
  }

  void open() {
    const std::string head = on_one_line(code_.substr(head_begin_, at_ - head_begin_));
    if (!inside_function() && is_member_initialiser(head)) {
      skip_braces();
      return;
    }
    const Kind kind = inside_function() ? Kind::Other : kind_of(head);
    scopes_.push_back({kind, head_begin_, head});
    head_begin_ = at_ + 1;
  }

  void close() {
    if (!scopes_.empty()) {
      const Scope scope = std::move(scopes_.back());
      scopes_.pop_back();
      if (scope.kind == Kind::Function) {
        const std::size_t first = code_.find_first_not_of(" \t\n\r", scope.head_begin);
        functions_.push_back({line_at(code_, first), line_at(code_, at_), scope.head});
      }
    }
    head_begin_ = at_ + 1;
  }

  void skip_braces() {
    int depth = 0;
    for (; at_ < code_.size(); ++at_) {
      depth += code_[at_] == '{' ? 1 : code_[at_] == '}' ? -1 : 0;
      if (depth == 0) {
        return;
      }
    }
  }

  std::string_view code_;
  std::size_t at_ = 0;
  std::size_t head_begin_ = 0;
  std::vector<Scope> scopes_;
  std::vector<Function> functions_;
};

}  // namespace

bool is_header(std::string_view path) {
  return path.ends_with(".hpp") || path.ends_with(".h");
}

bool is_cpp(std::string_view path) {
  return is_header(path) || path.ends_with(".cpp") || path.ends_with(".c");
}

bool is_test(std::string_view path) {
  return path.ends_with("_test.cpp") || path.contains("/testing/") || path.starts_with("tests/");
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

Source make_source(std::string path, std::string text) {
  Source source{.path = std::move(path), .text = std::move(text), .code = {}, .includes = {}};
  if (!is_cpp(source.path)) {
    source.code = source.text;
    return source;
  }
  source.code = without_comments_and_literals(source.text);
  blank_preprocessor(source.code);
  source.includes = includes_of(source.text);
  return source;
}

std::vector<Function> functions_of(const Source& source) {
  return BraceReader(source.code).read();
}

}  // namespace skrei::style
