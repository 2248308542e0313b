// SPDX-License-Identifier: Apache-2.0
#include "multi/dag_cbor.hpp"

#include <bit>
#include <cmath>
#include <optional>
#include <utility>

namespace skrei::multi {
namespace {

enum class Major : std::uint8_t {
  Unsigned = 0,
  Negative = 1,
  Bytes = 2,
  Text = 3,
  List = 4,
  Map = 5,
  Tag = 6,
  Simple = 7,
};

constexpr std::uint64_t kTagCid = 42;
constexpr std::uint8_t kFalse = 0xf4;
constexpr std::uint8_t kTrue = 0xf5;
constexpr std::uint8_t kNull = 0xf6;
constexpr std::uint8_t kFloat64 = 0xfb;
constexpr std::size_t kDepthMax = 64;

void append_big_endian(Bytes& out, std::uint64_t value, unsigned size) {
  for (unsigned i = size; i-- > 0;)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void append_head(Bytes& out, Major major, std::uint64_t argument) {
  const auto high = static_cast<std::uint8_t>(std::to_underlying(major) << 5);
  if (argument < 24) {
    out.push_back(static_cast<std::uint8_t>(high | argument));
    return;
  }
  const unsigned power = argument <= 0xff         ? 0
                         : argument <= 0xffff     ? 1
                         : argument <= 0xffffffff ? 2
                                                  : 3;
  out.push_back(static_cast<std::uint8_t>(high | (24 + power)));
  append_big_endian(out, argument, 1U << power);
}

bool is_utf8(std::string_view text) {
  return to_valid_utf8(text) == text;
}

class Encoder {
 public:
  Result<void> encode(const CborValue& value) {
    return std::visit([this](const auto& data) { return append(data); }, value.data);
  }
  Bytes take() { return std::move(out_); }

 private:
  Result<void> append(CborNull) {
    out_.push_back(kNull);
    return {};
  }
  Result<void> append(bool value) {
    out_.push_back(value ? kTrue : kFalse);
    return {};
  }
  Result<void> append(const CborInteger& value) {
    if (value.negative()) {
      append_head(out_, Major::Negative, ~static_cast<std::uint64_t>(value.as_signed()));
    } else {
      append_head(out_, Major::Unsigned, value.as_unsigned());
    }
    return {};
  }
  Result<void> append(double value) {
    if (!std::isfinite(value)) {
      return fail(Code::InvalidArgument, "DAG-CBOR holds no NaN and no infinity");
    }
    out_.push_back(kFloat64);
    append_big_endian(out_, std::bit_cast<std::uint64_t>(value), 8);
    return {};
  }
  Result<void> append(const Bytes& value) {
    append_head(out_, Major::Bytes, value.size());
    out_.insert(out_.end(), value.begin(), value.end());
    return {};
  }
  Result<void> append(const std::string& value) {
    if (!is_utf8(value)) {
      return fail(Code::InvalidArgument, "string \"{}\" is not UTF-8", to_valid_utf8(value));
    }
    append_head(out_, Major::Text, value.size());
    out_.insert(out_.end(), value.begin(), value.end());
    return {};
  }
  Result<void> append(const Cid& value) {
    append_head(out_, Major::Tag, kTagCid);
    Bytes bytes{0};  // The identity multibase prefix, as the specification asks.
    const Bytes cid = value.to_bytes();
    bytes.insert(bytes.end(), cid.begin(), cid.end());
    return append(bytes);
  }
  Result<void> append(const CborValue::List& list) {
    append_head(out_, Major::List, list.size());
    for (const CborValue& item : list)
      TRY(encode(item));
    return {};
  }
  Result<void> append(const CborValue::Map& map) {
    append_head(out_, Major::Map, map.size());
    for (const auto& [key, value] : map) {
      TRY(append(key));
      TRY(encode(value));
    }
    return {};
  }

  Bytes out_;
};

class Decoder {
 public:
  explicit Decoder(ByteView bytes) : bytes_(bytes) {}

  Result<CborValue> decode_all() {
    TRY_ASSIGN(CborValue value, decode(0));
    if (offset_ != bytes_.size()) return wrong("bytes follow the value");
    return value;
  }

 private:
  struct Head {
    Major major;
    std::uint8_t low;  ///< The five low bits.
    std::uint64_t argument;
  };

  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(Code::InvalidArgument, "DAG-CBOR at byte {}: {}", offset_, what);
  }

  Result<std::uint64_t> big_endian(unsigned size) {
    if (bytes_.size() - offset_ < size) return wrong("cut off");
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i)
      value = (value << 8) | bytes_[offset_++];
    return value;
  }

  Result<Head> head() {
    TRY_ASSIGN(const std::uint64_t initial, big_endian(1));
    const auto major = static_cast<Major>(initial >> 5);
    const auto low = static_cast<std::uint8_t>(initial & 31);
    if (major == Major::Simple) return Head{major, low, 0};
    if (low < 24) return Head{major, low, low};
    if (low > 27) return wrong("indefinite or reserved length");
    const unsigned size = 1U << (low - 24);
    TRY_ASSIGN(const std::uint64_t argument, big_endian(size));
    const std::uint64_t smallest = size == 1 ? 24 : std::uint64_t{1} << (4 * size);
    if (argument < smallest) return wrong("number is not in shortest form");
    return Head{major, low, argument};
  }

  Result<ByteView> take(std::uint64_t size) {
    if (size > bytes_.size() - offset_) return wrong("cut off");
    const ByteView taken = bytes_.subspan(offset_, size);
    offset_ += size;
    return taken;
  }

  Result<std::string> text(std::uint64_t size) {
    TRY_ASSIGN(const ByteView taken, take(size));
    if (!is_utf8(as_chars(taken))) return wrong("string is not UTF-8");
    return std::string(as_chars(taken));
  }

  Result<CborValue> decode(std::size_t depth) {
    if (depth >= kDepthMax) return wrong("nested too deeply");
    TRY_ASSIGN(const Head h, head());
    switch (h.major) {
      case Major::Unsigned:
        return CborValue(CborInteger(h.argument));
      case Major::Negative:
        if (h.argument > static_cast<std::uint64_t>(INT64_MAX)) return wrong("below -2^63");
        return CborValue(CborInteger::from_signed(static_cast<std::int64_t>(~h.argument)));
      case Major::Bytes: {
        TRY_ASSIGN(const ByteView taken, take(h.argument));
        return CborValue(to_bytes(taken));
      }
      case Major::Text: {
        TRY_ASSIGN(std::string taken, text(h.argument));
        return CborValue(std::move(taken));
      }
      case Major::List:
        return list(h.argument, depth);
      case Major::Map:
        return map(h.argument, depth);
      case Major::Tag:
        return tagged_cid(h.argument);
      case Major::Simple:
        return simple(h.low);
    }
    std::unreachable();
  }

  Result<CborValue> list(std::uint64_t count, std::size_t depth) {
    CborValue::List items;
    for (std::uint64_t i = 0; i < count; ++i) {
      TRY_ASSIGN(CborValue item, decode(depth + 1));
      items.push_back(std::move(item));
    }
    return CborValue(std::move(items));
  }

  Result<CborValue> map(std::uint64_t count, std::size_t depth) {
    CborValue::Map items;
    for (std::uint64_t i = 0; i < count; ++i) {
      TRY_ASSIGN(const Head h, head());
      if (h.major != Major::Text) return wrong("map key is not a string");
      TRY_ASSIGN(std::string key, text(h.argument));
      if (!items.empty() && !CborKeyOrder()(items.rbegin()->first, key)) {
        return wrong("map keys are not in order or not unique");
      }
      TRY_ASSIGN(CborValue value, decode(depth + 1));
      items.emplace_hint(items.end(), std::move(key), std::move(value));
    }
    return CborValue(std::move(items));
  }

  Result<CborValue> tagged_cid(std::uint64_t tag) {
    if (tag != kTagCid) return wrong("only tag 42 (CID) is allowed");
    TRY_ASSIGN(const Head h, head());
    if (h.major != Major::Bytes) return wrong("tag 42 holds no byte string");
    TRY_ASSIGN(const ByteView taken, take(h.argument));
    if (taken.empty() || taken[0] != 0) return wrong("CID lacks its identity prefix");
    TRY_ASSIGN(Cid cid, Cid::from_bytes(taken.subspan(1)));
    return CborValue(std::move(cid));
  }

  Result<CborValue> simple(std::uint8_t low) {
    switch (low | 0xe0) {
      case kFalse:
        return CborValue(false);
      case kTrue:
        return CborValue(true);
      case kNull:
        return CborValue(CborNull{});
      case kFloat64: {
        TRY_ASSIGN(const std::uint64_t bits, big_endian(8));
        const auto value = std::bit_cast<double>(bits);
        if (!std::isfinite(value)) return wrong("NaN or infinity");
        return CborValue(value);
      }
      default:
        return wrong("simple value is not allowed");
    }
  }

  ByteView bytes_;
  std::size_t offset_ = 0;
};

}  // namespace

CborInteger CborInteger::from_signed(std::int64_t value) {
  CborInteger integer(static_cast<std::uint64_t>(value));
  integer.negative_ = value < 0;
  return integer;
}

Result<Bytes> encode_dag_cbor(const CborValue& value) {
  Encoder encoder;
  TRY(encoder.encode(value));
  return encoder.take();
}

Result<CborValue> decode_dag_cbor(ByteView bytes) {
  return Decoder(bytes).decode_all();
}

Result<Cid> dag_cbor_cid(const CborValue& value) {
  TRY_ASSIGN(const Bytes bytes, encode_dag_cbor(value));
  return Cid::v1(Codec::DagCbor, Multihash::sha2_256(bytes));
}

}  // namespace skrei::multi
