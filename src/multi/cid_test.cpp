// SPDX-License-Identifier: Apache-2.0
#include "multi/cid.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "multi/multibase.hpp"
#include "multi/varint.hpp"

namespace skrei::multi {
namespace {

constexpr std::string_view kHelloV1 = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";
constexpr std::string_view kEmptyDirV0 = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";

RC_GTEST_PROP(Varint, RoundTrips, (std::uint64_t value)) {
  Bytes bytes;
  append_varint(bytes, value);
  const auto read = read_varint(bytes);
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->value == value);
  RC_ASSERT(read->size == bytes.size());
}

TEST(Varint, RefusesWhatIsNotTheShortestForm) {
  for (const Bytes& bytes : {Bytes{}, Bytes{0x80}, Bytes{0x80, 0x00}, Bytes{0xff, 0x00},
                             Bytes(10, 0xff), Bytes(11, 0x80)}) {
    const auto read = read_varint(bytes);
    ASSERT_FALSE(read) << to_hex(bytes);
    EXPECT_EQ(read.error().code, Code::InvalidArgument);
  }
}

RC_GTEST_PROP(Multibase, RoundTripsInEveryBase, (const Bytes& bytes)) {
  for (const Base base : {Base::Base16, Base::Base32, Base::Base58Btc, Base::Base64Url}) {
    const auto decoded = multibase_decode(multibase_encode(base, bytes));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == bytes);
  }
}

// From the multibase specification's test vectors (basic.csv and leading_zero.csv).
TEST(Multibase, MatchesTheSpecification) {
  const Bytes yes = to_bytes("yes mani !");
  EXPECT_EQ(multibase_encode(Base::Base16, yes), "f796573206d616e692021");
  EXPECT_EQ(multibase_encode(Base::Base32, yes), "bpfsxgidnmfxgsibb");
  EXPECT_EQ(multibase_encode(Base::Base58Btc, yes), "z7paNL19xttacUY");
  EXPECT_EQ(multibase_encode(Base::Base64Url, yes), "ueWVzIG1hbmkgIQ");
  Bytes zero{0};
  zero.insert(zero.end(), yes.begin(), yes.end());
  EXPECT_EQ(multibase_encode(Base::Base58Btc, zero), "z17paNL19xttacUY");
}

TEST(Multibase, RefusesForeignTextLeftoverBitsAndLongText) {
  for (const std::string& text :
       {std::string(), std::string("Zabc"), std::string("bABC"), std::string("bb"),
        std::string("bpfsxgidnmfxgsibc1"), std::string("z0"), std::string("fAB"), std::string("fa"),
        std::string("u*"), "z" + std::string(5000, '2')}) {
    const auto decoded = multibase_decode(text);
    ASSERT_FALSE(decoded) << text;
    EXPECT_EQ(decoded.error().code, Code::InvalidArgument);
  }
}

TEST(Cid, OfRawBytesIsTheOneKuboGives) {
  const Cid cid = Cid::v1(Codec::Raw, Multihash::sha2_256(as_bytes("hello world\n")));

  EXPECT_EQ(cid.to_string(), kHelloV1);
  EXPECT_EQ(to_hex(cid.to_bytes()),
            "01551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447");
}

TEST(Cid, OfTheEmptyFolderInVersion0) {
  const Cid cid = Cid::v0(Multihash::sha2_256(Bytes{0x0a, 0x02, 0x08, 0x01}));

  EXPECT_EQ(cid.to_string(), kEmptyDirV0);
  EXPECT_EQ(cid.codec(), Codec::DagPb);
}

TEST(Cid, ParsesEveryBaseAndPrintsBase32) {
  const Cid cid = *Cid::parse(kHelloV1);
  for (const Base base : {Base::Base16, Base::Base32, Base::Base58Btc, Base::Base64Url}) {
    const auto parsed = Cid::parse(multibase_encode(base, cid.to_bytes()));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, cid);
    EXPECT_EQ(parsed->to_string(), kHelloV1);
  }
}

TEST(Cid, TextAndBinaryAreInverses) {
  const Cid identity = Cid::v1(Codec::Raw, Multihash{HashCode::Identity, to_bytes("tiny")});
  for (const Cid& cid : {*Cid::parse(kHelloV1), *Cid::parse(kEmptyDirV0), identity}) {
    EXPECT_EQ(Cid::parse(cid.to_string()), cid);
    EXPECT_EQ(Cid::from_bytes(cid.to_bytes()), cid);
  }
}

TEST(Cid, RefusalsSayWhy) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "empty"},
      {"hello", "prefix"},
      {" " + std::string(kHelloV1), "prefix"},
      {std::string(kHelloV1) + "x", "left over"},
      {std::string(kHelloV1.substr(0, 41)), "multihash says"},
      {"QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3N0", "base58btc"},
      {"zQmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", "version 0"},
      {"f01711340" + std::string(128, 'a'), "hash function 0x13"},
      {"f01ad021220" + std::string(64, 'a'), "codec 0x12d"},
      {"f0255" + std::string(68, 'a'), "version 2"},
      {std::string(200, 'Q'), "…"},
  };
  for (const auto& [text, part] : cases) {
    const auto cid = Cid::parse(text);
    ASSERT_FALSE(cid) << text;
    EXPECT_EQ(cid.error().code, Code::InvalidArgument);
    EXPECT_TRUE(cid.error().message.contains(part)) << cid.error().message;
  }
}

TEST(Multihash, ChecksContent) {
  EXPECT_TRUE(Multihash::sha2_256(as_bytes("a")).matches(as_bytes("a")));
  EXPECT_FALSE(Multihash::sha2_256(as_bytes("a")).matches(as_bytes("b")));
  const Multihash identity{HashCode::Identity, to_bytes("a")};
  EXPECT_TRUE(identity.matches(as_bytes("a")));
  EXPECT_FALSE(identity.matches(as_bytes("b")));
}

TEST(Multihash, RefusesWrongLengths) {
  EXPECT_FALSE(Multihash::from_bytes(Bytes{0x12, 0x01, 0xaa}));
  EXPECT_FALSE(Multihash::from_bytes(Bytes{0x00, 0x02, 0xaa}));
  Bytes long_identity{0x00, 0x81, 0x01};
  long_identity.resize(3 + 129);
  EXPECT_FALSE(Multihash::from_bytes(long_identity));
}

}  // namespace
}  // namespace skrei::multi
