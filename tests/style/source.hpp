// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skrei::style {

/// `#include "name"` or `#include <name>`; `name` holds the quotes or brackets.
struct Include {
  std::size_t line = 0;
  std::string name;
};

/// One file of the tree as the rules see it.
struct Source {
  /// Relative to the root of the repository, with '/'.
  std::string path;
  std::string text;
  /// `text` with comments, contents of literals and preprocessor lines blanked out. Same length and
  /// the same newlines, so that an offset in one is an offset in the other. For C and C++ only,
  /// else equal to `text`.
  std::string code;
  std::vector<Include> includes;
};

Source make_source(std::string path, std::string text);

bool is_cpp(std::string_view path);
bool is_header(std::string_view path);
/// A test, or an aid to tests: `*_test.cpp`, and whatever lies in a folder `testing` or below
/// `tests/`.
bool is_test(std::string_view path);

/// Without line ends. A last line without newline counts.
std::vector<std::string_view> lines_of(std::string_view text);
/// The number, from 1, of the line that holds the offset.
std::size_t line_at(std::string_view text, std::size_t offset);

/// A function body found by its braces: definitions in namespaces and classes, test bodies among
/// them.
struct Function {
  /// From the first line of its signature to its closing brace.
  std::size_t first_line = 0;
  std::size_t last_line = 0;
  /// The signature, cut to one line.
  std::string signature;
};

/// Lambdas and local classes count with the function that holds them.
std::vector<Function> functions_of(const Source& source);

}  // namespace skrei::style
