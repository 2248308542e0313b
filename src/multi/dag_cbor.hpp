// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "multi/cid.hpp"

// Canonical DAG-CBOR: one value has exactly one encoding, so that hashes of values can be compared.
// Shortest integers and lengths, definite lengths only, string keys sorted by length and then by
// bytes, CIDs as tag 42, floats of 64 bits without NaN and infinities.

namespace skrei::multi {

/// Order of map keys: shorter first, then bytewise.
struct CborKeyOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

struct CborNull {
  bool operator==(const CborNull&) const = default;
};

/// An integer from -2^63 to 2^64-1. Non-negative values are always held as unsigned.
class CborInteger {
 public:
  explicit CborInteger(std::uint64_t value) : bits_(value) {}
  static CborInteger from_signed(std::int64_t value);

  bool negative() const { return negative_; }
  /// The value, if not negative.
  std::uint64_t as_unsigned() const { return bits_; }
  /// The value, if negative.
  std::int64_t as_signed() const { return static_cast<std::int64_t>(bits_); }

  bool operator==(const CborInteger&) const = default;

 private:
  std::uint64_t bits_ = 0;
  bool negative_ = false;
};

/// A DAG-CBOR value as data. Equality is structural.
struct CborValue {
  using List = std::vector<CborValue>;
  using Map = std::map<std::string, CborValue, CborKeyOrder>;
  using Data =
      std::variant<CborNull, bool, CborInteger, double, Bytes, std::string, Cid, List, Map>;

  Data data = CborNull{};

  CborValue() = default;
  template <class T>
    requires(std::is_constructible_v<Data, T &&> && !std::is_same_v<std::decay_t<T>, CborValue>)
  CborValue(T&& value) : data(std::forward<T>(value)) {}  // NOLINT: a value is its data

  bool operator==(const CborValue&) const = default;
};

/// InvalidArgument if a string is not UTF-8 or a float is not finite.
Result<Bytes> encode_dag_cbor(const CborValue& value);

/// Strict: the whole of `bytes` must be one value in its canonical encoding, at most 64 levels
/// deep. InvalidArgument names the offset of what is wrong.
Result<CborValue> decode_dag_cbor(ByteView bytes);

/// Version 1, dag-cbor, sha2-256 over the canonical encoding.
Result<Cid> dag_cbor_cid(const CborValue& value);

}  // namespace skrei::multi
