// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace skrei {

/// An id as a type of its own: two kinds of id cannot be mixed up. Empty means "none".
template <class Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string value) : value_(std::move(value)) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }

  auto operator<=>(const StrongId&) const = default;
  bool operator==(const StrongId&) const = default;

 private:
  std::string value_;
};

/// "j-" and a UUID.
using JobId = StrongId<struct JobIdTag>;
/// "e-" and a UUID.
using ExecutionId = StrongId<struct ExecutionIdTag>;
/// "n-" and a UUID, or a libp2p peer id.
using NodeId = StrongId<struct NodeIdTag>;
/// A bare UUID: one offer of one partition to one node.
using OfferId = StrongId<struct OfferIdTag>;

}  // namespace skrei

template <class Tag>
struct fmt::formatter<skrei::StrongId<Tag>> : fmt::formatter<std::string_view> {
  auto format(const skrei::StrongId<Tag>& id, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(id.str(), context);
  }
};

template <class Tag>
struct std::hash<skrei::StrongId<Tag>> {
  std::size_t operator()(const skrei::StrongId<Tag>& id) const {
    return std::hash<std::string>()(id.str());
  }
};
