// SPDX-License-Identifier: Apache-2.0
#include "multi/dag_cbor.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace skrei::multi {
namespace {

using List = CborValue::List;
using Map = CborValue::Map;

struct Golden {
  std::string_view name;
  CborValue value;
  std::string_view hex;
};

std::vector<Golden> golden() {
  return {
      {"null", {}, "f6"},
      {"true", true, "f5"},
      {"zero", CborInteger(0), "00"},
      {"one byte", CborInteger(24), "1818"},
      {"two bytes", CborInteger(256), "190100"},
      {"four bytes", CborInteger(65536), "1a00010000"},
      {"eight bytes", CborInteger(1ULL << 32), "1b0000000100000000"},
      {"largest", CborInteger(UINT64_MAX), "1bffffffffffffffff"},
      {"minus one", CborInteger::from_signed(-1), "20"},
      {"smallest", CborInteger::from_signed(INT64_MIN), "3b7fffffffffffffff"},
      {"float", 1.5, "fb3ff8000000000000"},
      {"bytes", Bytes{1, 2}, "420102"},
      {"text", std::string("é"), "62c3a9"},
      {"list", List{CborInteger(1), List{}}, "820180"},
      {"keys by length, then bytes",
       Map{{"b", CborInteger(1)}, {"aa", CborInteger(2)}, {"a", CborInteger(3)}},
       "a36161036162016261610"
       "2"},
      {"cid", *Cid::parse("bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"),
       "d82a58250001551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"},
  };
}

TEST(DagCbor, EncodesAndDecodesTheGoldenVectors) {
  for (const Golden& row : golden()) {
    const auto encoded = encode_dag_cbor(row.value);
    ASSERT_TRUE(encoded) << row.name;
    EXPECT_EQ(to_hex(*encoded), row.hex) << row.name;
    const auto decoded = decode_dag_cbor(*from_hex(row.hex));
    ASSERT_TRUE(decoded) << row.name << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, row.value) << row.name;
  }
}

// The CID that `ipfs dag put` gives for {"hello":"world"}.
TEST(DagCbor, CidOfAMap) {
  const auto cid = dag_cbor_cid(Map{{"hello", std::string("world")}});

  EXPECT_EQ(cid->to_string(), "bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae");
}

TEST(DagCbor, RefusesEveryOtherEncoding) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "cut off"},
      {"1817", "shortest"},
      {"190017", "shortest"},
      {"1900ff", "shortest"},
      {"1a0000ffff", "shortest"},
      {"1b00000000ffffffff", "shortest"},
      {"3b8000000000000000", "2^63"},
      {"5f4101ff", "indefinite"},
      {"9fff", "indefinite"},
      {"f7", "simple"},
      {"f93e00", "simple"},
      {"fb7ff8000000000000", "NaN"},
      {"61ff", "UTF-8"},
      {"a2616201616101", "order"},
      {"a2616101616102", "order"},
      {"a10101", "not a string"},
      {"c101", "tag 42"},
      {"d82a6161", "byte string"},
      {"d82a4101", "identity prefix"},
      {"9bffffffffffffffff", "cut off"},
      {"4401", "cut off"},
      {"0000", "follow"},
  };
  for (const auto& [hex, part] : cases) {
    const auto decoded = decode_dag_cbor(*from_hex(hex));
    ASSERT_FALSE(decoded) << hex;
    EXPECT_EQ(decoded.error().code, Code::InvalidArgument) << hex;
    EXPECT_TRUE(decoded.error().message.contains(part)) << hex << decoded.error().message;
  }
}

TEST(DagCbor, RefusesDeepNesting) {
  Bytes bytes(100, 0x81);
  bytes.push_back(0x00);
  const auto decoded = decode_dag_cbor(bytes);

  ASSERT_FALSE(decoded);
  EXPECT_TRUE(decoded.error().message.contains("deeply"));
}

TEST(DagCbor, EncoderRefusesWhatHasNoEncoding) {
  EXPECT_EQ(encode_dag_cbor(std::nan("")).error().code, Code::InvalidArgument);
  EXPECT_EQ(encode_dag_cbor(std::string("\xff")).error().code, Code::InvalidArgument);
  EXPECT_EQ(encode_dag_cbor(Map{{"\xff", true}}).error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace skrei::multi
