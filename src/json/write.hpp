// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "json/reflect.hpp"

// The text of a struct without a tree of values in between: for what is written on every turn, as
// records of a store are. It means the same as dump(encode(value)); only the order of an object's
// keys is the declared one. A codec that knows a quicker way than encode() says so:
//
//   static void write(std::string& out, const T&);   appends the JSON text
namespace skrei::json {

/// Appends `text` as a JSON string; bytes that are not UTF-8 are replaced as dump() does.
void write_string(std::string& out, std::string_view text);

/// Whether a JSON text is null, 0, 0.0, false, "", [] or {}: what is_empty() says of its value.
bool is_empty_text(std::string_view text);

template <class Coder, class T>
void write_with(std::string& out, const T& value);

/// Appends the JSON text of `value`.
template <class T>
void write(std::string& out, const T& value) {
  write_with<Codec<T>>(out, value);
}

template <class T>
std::string text_of(const T& value) {
  std::string out;
  write(out, value);
  return out;
}

namespace detail {

template <class Object, class T, class Member, class Coder>
void write_field(std::string& out, const Object& object, const Field<T, Member, Coder>& field) {
  const std::size_t before = out.size();
  if (out.back() != '{') out += ',';
  write_string(out, field.name);
  out += ':';
  const std::size_t begin = out.size();
  write_with<Coder>(out, object.*field.member);
  if (field.emit == Emit::IfSet && is_empty_text(std::string_view(out).substr(begin))) {
    out.resize(before);
  }
}

template <Reflected T>
void write_plain(std::string& out, const T& object) {
  out += '{';
  std::apply([&](const auto&... fields) { (write_field(out, object, fields), ...); },
             Codec<T>::kFields);
  out += '}';
}

template <class T>
void write_plain(std::string& out, const std::vector<T>& items) {
  out += '[';
  for (const T& item : items) {
    if (&item != items.data()) out += ',';
    write(out, item);
  }
  out += ']';
}

template <class T>
void write_plain(std::string& out, const std::map<std::string, T>& map) {
  out += '{';
  bool first = true;
  for (const auto& [key, item] : map) {
    if (!std::exchange(first, false)) out += ',';
    write_string(out, key);
    out += ':';
    write(out, item);
  }
  out += '}';
}

template <class T>
void write_plain(std::string& out, const std::optional<T>& value) {
  if (value) {
    write(out, *value);
  } else {
    out += "null";
  }
}

template <class Tag>
void write_plain(std::string& out, const StrongId<Tag>& id) {
  write_string(out, id.str());
}

inline void write_plain(std::string& out, const std::string& text) {
  write_string(out, text);
}

template <std::integral T>
  requires(!std::same_as<T, bool>)
void write_plain(std::string& out, T number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

template <std::same_as<bool> T>
void write_plain(std::string& out, T value) {
  out += value ? "true" : "false";
}

template <class Rep, class Period>
void write_plain(std::string& out, std::chrono::duration<Rep, Period> value) {
  write(out, value.count());
}

}  // namespace detail

template <class Coder, class T>
void write_with(std::string& out, const T& value) {
  if constexpr (requires { Coder::write(out, value); }) {
    Coder::write(out, value);
  } else if constexpr (std::same_as<Coder, Codec<T>> &&
                       requires { detail::write_plain(out, value); }) {
    detail::write_plain(out, value);
  } else {
    out += dump(Coder::encode(value));
  }
}

}  // namespace skrei::json
