// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "multi/cid.hpp"

namespace skrei::content {

/// A link of a dag-pb node.
struct PbLink {
  multi::Cid cid;
  std::string name;         ///< Bytes, in practice UTF-8; empty where absent.
  std::uint64_t tsize = 0;  ///< What the writer says the linked DAG has in bytes; never trusted.

  bool operator==(const PbLink&) const = default;
};

/// A dag-pb node: what UnixFS files, folders and shards are stored as.
struct PbNode {
  std::vector<PbLink> links;
  std::optional<Bytes> data;

  bool operator==(const PbNode&) const = default;
};

/// Canonical form: links in the given order, each with hash, name and tsize, then data.
Bytes encode_dag_pb(const PbNode& node);

/// Strict, by the dag-pb specification: known fields once and in order within a link, data once,
/// links in one run. InvalidArgument says what is wrong.
Result<PbNode> decode_dag_pb(ByteView bytes);

/// The CIDs that a block of `cid`'s codec links to, in order; none for raw.
Result<std::vector<multi::Cid>> links_of(const multi::Cid& cid, ByteView bytes);

}  // namespace skrei::content
