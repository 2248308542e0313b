// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "json/reflect.hpp"
#include "json/write.hpp"

namespace skrei::json {

/// An enumeration as the words of its own pair of functions. For schema(): its values are all from
/// 0 to `Last`.
template <class E, Result<E> (*Parse)(std::string_view), std::string_view (*Print)(E), E Last = E{}>
struct Words {
  static Value encode(E value) { return std::string(Print(value)); }
  static void write(std::string& out, E value) { write_string(out, Print(value)); }
  static Value schema() {
    static_assert(Last != E{}, "say which enumerator is the last");
    Value words = Value::array();
    for (int value = 0; value <= static_cast<int>(Last); ++value)
      words.push_back(std::string(Print(static_cast<E>(value))));
    return {{"type", "string"}, {"enum", std::move(words)}};
  }
  static Result<void> decode(const Value& value, const Reader& reader, E& out) {
    std::string text;
    TRY(Codec<std::string>::decode(value, reader, text));
    auto parsed = Parse(text);
    if (!parsed) return reader.fail(parsed.error().message);
    out = *parsed;
    return {};
  }
};

}  // namespace skrei::json
