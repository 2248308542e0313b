// SPDX-License-Identifier: Apache-2.0
#include "json/write.hpp"

#include <algorithm>
#include <array>

namespace skrei::json {
namespace {

bool stands_for_itself(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

}  // namespace

void write_string(std::string& out, std::string_view text) {
  if (!std::ranges::all_of(text, stands_for_itself)) {
    out += dump(Value(std::string(text)));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

bool is_empty_text(std::string_view text) {
  constexpr std::array<std::string_view, 8> kEmpty = {"null",  "0",    "0.0", "-0.0",
                                                      "false", "\"\"", "[]",  "{}"};
  return std::ranges::find(kEmpty, text) != kEmpty.end();
}

}  // namespace skrei::json
