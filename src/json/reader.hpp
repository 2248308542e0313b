// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/json_fwd.hpp"

namespace skrei::json {

/// What happens to keys that no field has.
enum class UnknownKeys { Ignore, Refuse };

/// Where in a document the decoder stands. Lives on the stack; children point to their parents.
class Reader {
 public:
  explicit Reader(UnknownKeys policy = UnknownKeys::Ignore,
                  std::vector<std::string>* unknown = nullptr)
      : policy_(policy), unknown_(unknown) {}

  Reader at_key(std::string_view key) const { return {this, key, 0}; }
  Reader at_index(std::size_t index) const { return {this, {}, index}; }

  /// "Tasks[0].Engine.Type"; empty at the top.
  std::string path() const;

  /// InvalidArgument, "<path>: <message>".
  std::unexpected<Error> fail(std::string_view message) const;
  /// The same for "expected <what>, got <kind of value>".
  std::unexpected<Error> fail_expected(std::string_view what, const Value& value) const;

  /// Refuses the key or tells the collector of it, with the nearest known one.
  Result<void> on_unknown(std::string_view key, std::span<const std::string_view> known) const;

 private:
  Reader(const Reader* parent, std::string_view key, std::size_t index)
      : parent_(parent),
        key_(key),
        index_(index),
        policy_(parent->policy_),
        unknown_(parent->unknown_) {}

  const Reader* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  UnknownKeys policy_;
  std::vector<std::string>* unknown_;
};

}  // namespace skrei::json
