// SPDX-License-Identifier: Apache-2.0
#include "content/dag_pb.hpp"

#include <gtest/gtest.h>

#include "content/unixfs.hpp"
#include "multi/dag_cbor.hpp"

namespace skrei::content {
namespace {

multi::Cid cid_of(std::string_view text) {
  return multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(as_bytes(text)));
}

TEST(DagPb, EncodingIsCanonicalAndDecodes) {
  const PbNode node{{{cid_of("a"), "a", 1}, {cid_of("b"), "", 300}}, to_bytes("data")};

  const Bytes bytes = encode_dag_pb(node);

  EXPECT_EQ(decode_dag_pb(bytes), node);
  EXPECT_TRUE(to_hex(bytes).starts_with("122b0a2401551220"));
  EXPECT_TRUE(
      to_hex(bytes).ends_with("12001"
                              "8ac02"
                              "0a0464617461"));
}

TEST(DagPb, EmptyAndMissingDataDiffer) {
  EXPECT_EQ(to_hex(encode_dag_pb({})), "");
  EXPECT_EQ(to_hex(encode_dag_pb({{}, Bytes()})), "0a00");
  EXPECT_FALSE(decode_dag_pb({})->data.has_value());
  EXPECT_TRUE(decode_dag_pb(Bytes{0x0a, 0x00})->data.has_value());
}

TEST(DagPb, RefusesWhatTheSpecificationForbids) {
  const std::string link = "12260a2401551220" + std::string(64, '1');
  const std::pair<std::string, std::string_view> cases[] = {
      {"0a", "cut off"},
      {"0a0561", "cut off"},
      {"0a00"
       "0a00",
       "repeated"},
      {"1800", "unknown field"},
      {"0800", "unknown field"},
      {"1200", "no hash"},
      {"12021800", "no hash"},
      {"12041200"
       "0a00",
       "out of order"},
      {"120412001200", "out of order"},
      {"12030a0101", "cut off"},
      {"12042a020101", "unknown field in a link"},
      {link + "0a00" + link, "both sides"},
      {"0d00000000", "wire type"},
      {"8a0000", "shortest"},
  };
  for (const auto& [hex, part] : cases) {
    const auto node = decode_dag_pb(*from_hex(hex));
    ASSERT_FALSE(node) << hex;
    EXPECT_EQ(node.error().code, Code::InvalidArgument) << hex;
    EXPECT_TRUE(node.error().message.contains(part)) << hex << ": " << node.error().message;
  }
}

TEST(DagPb, DataMayComeBeforeTheLinks) {
  const std::string link = "12260a2401551220" + std::string(64, '1');
  EXPECT_EQ(decode_dag_pb(*from_hex("0a0161" + link))->links.size(), 1U);
}

TEST(Links, AreFoundByCodec) {
  const multi::Cid a = cid_of("a");
  const multi::Cid b = cid_of("b");
  const PbNode node{{{a, "", 1}, {b, "", 1}}, std::nullopt};
  const multi::CborValue value = multi::CborValue::Map{
      {"x", multi::CborValue::List{multi::CborValue(a), multi::CborValue(std::string("t"))}},
      {"y", multi::CborValue(b)}};
  const multi::Cid cbor = multi::dag_cbor_cid(value).value();
  const multi::Cid pb = multi::Cid::v1(multi::Codec::DagPb, a.hash());

  EXPECT_EQ(links_of(a, as_bytes("anything")), std::vector<multi::Cid>());
  EXPECT_EQ(links_of(pb, encode_dag_pb(node)), (std::vector<multi::Cid>{a, b}));
  EXPECT_EQ(links_of(cbor, encode_dag_cbor(value).value()), (std::vector<multi::Cid>{a, b}));
  EXPECT_EQ(links_of(pb, as_bytes("x")).error().code, Code::InvalidArgument);
}

TEST(UnixFs, RoundTripsAndKeepsToKubosBytes) {
  const UnixFsData file{.data = to_bytes("hello world\n"), .file_size = 12};
  EXPECT_EQ(to_hex(encode_unixfs(file)), "0802120c68656c6c6f20776f726c640a180c");
  EXPECT_EQ(to_hex(encode_unixfs({.type = UnixFsType::Directory})), "0801");
  const UnixFsData shard{.type = UnixFsType::HamtShard,
                         .data = Bytes{1},
                         .file_size = 5,
                         .block_sizes = {1, 300},
                         .hash_type = kMurmur3,
                         .fanout = kHamtFanout};
  EXPECT_EQ(decode_unixfs(encode_unixfs(shard)), shard);
}

TEST(UnixFs, ReadsPackedSizesAndPassesOverModeAndTime) {
  const auto data =
      decode_unixfs(*from_hex("0802"
                              "2203"
                              "01ac02"
                              "38a403"
                              "42020801"));

  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->block_sizes, (std::vector<std::uint64_t>{1, 300}));
}

TEST(UnixFs, RefusesWhatItDoesNotKnow) {
  for (const std::string_view hex : {"", "0806", "0a00", "08020802",
                                     "0802"
                                     "1201611201"
                                     "61",
                                     "08024801",
                                     "0802"
                                     "10"
                                     "01",
                                     "0802"
                                     "2202"
                                     "0180"}) {
    const auto data = decode_unixfs(*from_hex(hex));
    ASSERT_FALSE(data) << hex;
    EXPECT_EQ(data.error().code, Code::InvalidArgument) << hex;
  }
}

TEST(UnixFs, EntryNames) {
  EXPECT_TRUE(is_entry_name("a b"));
  EXPECT_TRUE(is_entry_name("..."));
  for (const std::string& name : {std::string(), std::string("."), std::string(".."),
                                  std::string("a/b"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(is_entry_name(name));
  }
}

}  // namespace
}  // namespace skrei::content
