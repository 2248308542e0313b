// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/ids.hpp"

namespace skrei::sim {

/// Nodes are numbered from 0; node 3 calls itself "n-3".
inline NodeId id_of(std::size_t node) {
  return NodeId(fmt::format("n-{}", node));
}

inline std::size_t index_of(const NodeId& id) {
  std::size_t node = 0;
  const char* const end = id.str().data() + id.str().size();
  SKREI_ASSERT(id.str().starts_with("n-"));
  const auto [stop, error] = std::from_chars(id.str().data() + 2, end, node);
  SKREI_ASSERT(stop == end && error == std::errc());
  return node;
}

}  // namespace skrei::sim
