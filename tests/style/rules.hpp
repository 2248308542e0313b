// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "source.hpp"

namespace skrei::style {

struct Finding {
  /// The rule's name, as exceptions.txt uses it.
  std::string rule;
  std::string path;
  std::size_t line = 0;
  /// What is wrong and what to write instead.
  std::string message;
};

/// The table of rooms: who may include from whom (rooms.txt).
struct Rooms {
  std::map<std::string, std::set<std::string>, std::less<>> may_use;
  /// By room, its place from the top.
  std::map<std::string, std::size_t, std::less<>> rank;

  static Rooms parse(std::string_view text);
};

struct Exception {
  std::string rule;
  /// A file, or a folder that ends in '/'.
  std::string path;

  bool covers(const Finding& finding) const;
};

/// Fails by std::runtime_error on a line without a reason.
std::vector<Exception> parse_exceptions(std::string_view text);

/// Rules "file-length", "line-length", "function-length".
std::vector<Finding> check_sizes(const Source& source);
/// Rules "spdx", "pragma-once", "whitespace".
std::vector<Finding> check_form(const Source& source);
/// Rules named by the token's replacement table in rules.cpp: "thread", "sleep", "getenv", …
std::vector<Finding> check_tokens(const Source& source);
/// Rule "include": direction of the arrows between the rooms of src/.
std::vector<Finding> check_includes(const Source& source, const Rooms& rooms);
/// All of the above.
std::vector<Finding> check(const Source& source, const Rooms& rooms);

}  // namespace skrei::style
