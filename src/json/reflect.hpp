// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/pfr/tuple_size.hpp>

#include "base/ids.hpp"
#include "json/json.hpp"
#include "json/reader.hpp"

// Structs to JSON and back. A type says once how its members are called on the wire, in its own
// namespace and in the source that needs it:
//
//   constexpr auto json_fields(const Port*) {
//     return std::tuple{json::field("Name", &Port::name),
//                       json::field("Target", &Port::target, json::Emit::IfSet)};
//   }
//
// Then json::encode(port) and json::decode<Port>(value) work, within vectors, maps and optionals
// too. Input: keys in any case, null and absence are the default. Output: exactly as written here.

namespace skrei::json {

/// How one C++ type is written. Specialised below, and by rooms for their own types:
///   static Value encode(const T&);
///   static Result<void> decode(const Value&, const Reader&, T& out);   never sees null
///   static Value schema();   what encode() makes, as JSON Schema 2020-12; only where it is asked
///   for
template <class T>
struct Codec;

enum class Emit { Always, IfSet };

template <class T, class Member, class Coder>
struct Field {
  std::string_view name;
  Member T::* member;
  Emit emit;
};

/// IfSet leaves the key out when its value is null, 0, false, "", [] or {}.
template <class Coder = void, class T, class Member>
constexpr auto field(std::string_view name, Member T::* member, Emit emit = Emit::Always) {
  using Used = std::conditional_t<std::is_void_v<Coder>, Codec<Member>, Coder>;
  return Field<T, Member, Used>{name, member, emit};
}

template <class T>
concept Reflected = requires { json_fields(static_cast<const T*>(nullptr)); };

/// Whether as many fields are named as the aggregate has members: none was forgotten.
template <Reflected T>
inline constexpr bool kCoversAllMembers =
    std::tuple_size_v<decltype(json_fields(static_cast<const T*>(nullptr)))> ==
    boost::pfr::tuple_size_v<T>;

/// null, 0, false, "", [] and {}.
bool is_empty(const Value& value);

/// Index of `key` in `names` without regard to case, or names.size().
std::size_t find_name(std::string_view key, std::span<const std::string_view> names);

template <class T>
Value encode(const T& value) {
  return Codec<T>::encode(value);
}

template <class T>
Result<T> decode(const Value& value, const Reader& reader = Reader()) {
  T out{};
  if (!value.is_null()) TRY(Codec<T>::decode(value, reader, out));
  return out;
}

/// The JSON Schema of what encode() makes of a T.
template <class T>
Value schema() {
  return Codec<T>::schema();
}

template <Reflected T>
struct Codec<T> {
  static constexpr auto kFields = json_fields(static_cast<const T*>(nullptr));
  static constexpr std::size_t kCount = std::tuple_size_v<decltype(kFields)>;
  static constexpr std::array<std::string_view, kCount> kNames = std::apply(
      [](const auto&... fields) { return std::array<std::string_view, kCount>{fields.name...}; },
      kFields);

  static Value encode(const T& object) {
    Value result = Value::object();
    std::apply([&](const auto&... fields) { (put(result, object, fields), ...); }, kFields);
    return result;
  }

  /// Fields that are always written are required.
  static Value schema() {
    Value properties = Value::object();
    Value required = Value::array();
    std::apply([&](const auto&... fields) { (describe(properties, required, fields), ...); },
               kFields);
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)}};
  }

  static Result<void> decode(const Value& value, const Reader& reader, T& out) {
    if (!value.is_object()) return reader.fail_expected("an object", value);
    std::array<bool, kCount> seen{};
    for (auto item = value.begin(); item != value.end(); ++item) {
      const std::size_t index = find_name(item.key(), kNames);
      if (index == kCount) {
        TRY(reader.on_unknown(item.key(), kNames));
        continue;
      }
      const Reader at = reader.at_key(kNames[index]);
      if (std::exchange(seen[index], true)) return at.fail("is there twice, in different case");
      if (item.value().is_null()) continue;
      TRY(take(index, item.value(), at, out, std::make_index_sequence<kCount>()));
    }
    return {};
  }

 private:
  template <class Member, class Coder>
  static void put(Value& result, const T& object, const Field<T, Member, Coder>& field) {
    Value encoded = Coder::encode(object.*field.member);
    if (field.emit == Emit::IfSet && is_empty(encoded)) return;
    result[std::string(field.name)] = std::move(encoded);
  }

  template <class Member, class Coder>
  static void describe(Value& properties, Value& required, const Field<T, Member, Coder>& field) {
    const std::string name(field.name);
    properties[name] = Coder::schema();
    if (field.emit == Emit::Always) required.push_back(name);
  }

  template <std::size_t... I>
  static Result<void> take(std::size_t index, const Value& value, const Reader& reader, T& out,
                           std::index_sequence<I...>) {
    Result<void> result;
    ((I == index ? void(result = take_one(std::get<I>(kFields), value, reader, out)) : void()),
     ...);
    return result;
  }

  template <class Member, class Coder>
  static Result<void> take_one(const Field<T, Member, Coder>& field, const Value& value,
                               const Reader& reader, T& out) {
    return Coder::decode(value, reader, out.*field.member);
  }
};

template <>
struct Codec<bool> {
  static Value encode(bool value) { return value; }
  static Value schema() { return {{"type", "boolean"}}; }
  static Result<void> decode(const Value& value, const Reader& reader, bool& out);
};

template <>
struct Codec<std::string> {
  static Value encode(const std::string& value) { return value; }
  static Value schema() { return {{"type", "string"}}; }
  static Result<void> decode(const Value& value, const Reader& reader, std::string& out);
};

/// Whole numbers in the range of int64 or uint64; 1e9 counts as whole.
Result<std::int64_t> whole_number(const Value& value, const Reader& reader, std::int64_t min,
                                  std::int64_t max);
Result<std::uint64_t> whole_number(const Value& value, const Reader& reader, std::uint64_t max);

template <std::integral T>
  requires(!std::same_as<T, bool>)
struct Codec<T> {
  static Value encode(T value) { return value; }
  static Value schema() {
    Value result = {{"type", "integer"}};
    if constexpr (std::is_unsigned_v<T>) result["minimum"] = 0;
    return result;
  }
  static Result<void> decode(const Value& value, const Reader& reader, T& out) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      TRY_ASSIGN(const std::int64_t number,
                 whole_number(value, reader, Limits::min(), Limits::max()));
      out = static_cast<T>(number);
    } else {
      TRY_ASSIGN(const std::uint64_t number, whole_number(value, reader, Limits::max()));
      out = static_cast<T>(number);
    }
    return {};
  }
};

template <class Tag>
struct Codec<StrongId<Tag>> {
  static Value encode(const StrongId<Tag>& id) { return id.str(); }
  static Value schema() { return Codec<std::string>::schema(); }
  static Result<void> decode(const Value& value, const Reader& reader, StrongId<Tag>& out) {
    std::string text;
    TRY(Codec<std::string>::decode(value, reader, text));
    out = StrongId<Tag>(std::move(text));
    return {};
  }
};

/// A duration as the number of its own unit.
template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Type = std::chrono::duration<Rep, Period>;
  static Value encode(Type value) { return value.count(); }
  static Value schema() { return Codec<Rep>::schema(); }
  static Result<void> decode(const Value& value, const Reader& reader, Type& out) {
    Rep count{};
    TRY(Codec<Rep>::decode(value, reader, count));
    out = Type(count);
    return {};
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static Value encode(const std::vector<T>& items) {
    Value result = Value::array();
    for (const T& item : items)
      result.push_back(Codec<T>::encode(item));
    return result;
  }
  static Value schema() { return {{"type", "array"}, {"items", Codec<T>::schema()}}; }
  static Result<void> decode(const Value& value, const Reader& reader, std::vector<T>& out) {
    if (!value.is_array()) return reader.fail_expected("a list", value);
    out.clear();
    for (const Value& item : value) {
      const Reader at = reader.at_index(out.size());
      if (item.is_null()) return at.fail("is null");
      TRY(Codec<T>::decode(item, at, out.emplace_back()));
    }
    return {};
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  using Map = std::map<std::string, T>;
  static Value encode(const Map& map) {
    Value result = Value::object();
    for (const auto& [key, item] : map)
      result[key] = Codec<T>::encode(item);
    return result;
  }
  static Value schema() {
    return {{"type", "object"}, {"additionalProperties", Codec<T>::schema()}};
  }
  static Result<void> decode(const Value& value, const Reader& reader, Map& out) {
    if (!value.is_object()) return reader.fail_expected("an object", value);
    out.clear();
    for (auto item = value.begin(); item != value.end(); ++item) {
      T& element = out[item.key()];
      if (item.value().is_null()) continue;
      TRY(Codec<T>::decode(item.value(), reader.at_key(item.key()), element));
    }
    return {};
  }
};

/// Absent is null.
template <class T>
struct Codec<std::optional<T>> {
  static Value encode(const std::optional<T>& value) {
    return value ? Codec<T>::encode(*value) : Value(nullptr);
  }
  static Value schema() {
    return {{"anyOf", Value::array({Codec<T>::schema(), {{"type", "null"}}})}};
  }
  static Result<void> decode(const Value& value, const Reader& reader, std::optional<T>& out) {
    return Codec<T>::decode(value, reader, out.emplace());
  }
};

}  // namespace skrei::json
