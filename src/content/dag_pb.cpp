// SPDX-License-Identifier: Apache-2.0
#include "content/dag_pb.hpp"

#include "content/protobuf.hpp"
#include "multi/dag_cbor.hpp"

namespace skrei::content {
namespace {

// PBNode: Data = 1, Links = 2. PBLink: Hash = 1, Name = 2, Tsize = 3.
constexpr std::uint32_t kData = 1;
constexpr std::uint32_t kLinks = 2;
constexpr std::uint32_t kHash = 1;
constexpr std::uint32_t kName = 2;
constexpr std::uint32_t kTsize = 3;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Code::InvalidArgument, "dag-pb node: {}", what);
}

Result<PbLink> decode_link(ByteView bytes) {
  ProtobufReader reader(bytes);
  std::optional<multi::Cid> cid;
  std::string name;
  std::uint64_t tsize = 0;
  std::uint32_t last = 0;
  while (!reader.done()) {
    TRY_ASSIGN(const ProtobufField field, reader.next());
    if (field.field <= last) return wrong("fields of a link are out of order or repeated");
    last = field.field;
    if (field.field == kHash && field.type == WireType::Bytes) {
      TRY_ASSIGN(cid, multi::Cid::from_bytes(field.bytes));
    } else if (field.field == kName && field.type == WireType::Bytes) {
      name = as_chars(field.bytes);
    } else if (field.field == kTsize && field.type == WireType::Varint) {
      tsize = field.number;
    } else {
      return wrong("unknown field in a link");
    }
  }
  if (!cid) return wrong("a link has no hash");
  return PbLink{*std::move(cid), std::move(name), tsize};
}

void collect_links(const multi::CborValue& value, std::vector<multi::Cid>& links) {
  if (const auto* cid = std::get_if<multi::Cid>(&value.data)) links.push_back(*cid);
  if (const auto* list = std::get_if<multi::CborValue::List>(&value.data)) {
    for (const multi::CborValue& item : *list)
      collect_links(item, links);
  }
  if (const auto* map = std::get_if<multi::CborValue::Map>(&value.data)) {
    for (const auto& [key, item] : *map)
      collect_links(item, links);
  }
}

}  // namespace

Bytes encode_dag_pb(const PbNode& node) {
  Bytes out;
  Bytes encoded;
  for (const PbLink& link : node.links) {
    encoded.clear();
    append_bytes_field(encoded, kHash, link.cid.to_bytes());
    append_bytes_field(encoded, kName, as_bytes(link.name));
    append_varint_field(encoded, kTsize, link.tsize);
    append_bytes_field(out, kLinks, encoded);
  }
  if (node.data) append_bytes_field(out, kData, *node.data);
  return out;
}

Result<PbNode> decode_dag_pb(ByteView bytes) {
  ProtobufReader reader(bytes);
  PbNode node;
  bool links_ended = false;
  while (!reader.done()) {
    TRY_ASSIGN(const ProtobufField field, reader.next());
    if (field.type != WireType::Bytes) return wrong("unknown field");
    if (field.field == kLinks) {
      if (links_ended) return wrong("links on both sides of the data");
      TRY_ASSIGN(PbLink link, decode_link(field.bytes));
      node.links.push_back(std::move(link));
    } else if (field.field == kData) {
      if (node.data) return wrong("data is repeated");
      node.data = to_bytes(field.bytes);
      links_ended = !node.links.empty();
    } else {
      return wrong("unknown field");
    }
  }
  return node;
}

Result<std::vector<multi::Cid>> links_of(const multi::Cid& cid, ByteView bytes) {
  std::vector<multi::Cid> links;
  switch (cid.codec()) {
    case multi::Codec::Raw:
      break;
    case multi::Codec::DagPb: {
      TRY_ASSIGN(PbNode node, decode_dag_pb(bytes));
      for (PbLink& link : node.links)
        links.push_back(std::move(link.cid));
      break;
    }
    case multi::Codec::DagCbor: {
      TRY_ASSIGN(const multi::CborValue value, multi::decode_dag_cbor(bytes));
      collect_links(value, links);
      break;
    }
  }
  return links;
}

}  // namespace skrei::content
