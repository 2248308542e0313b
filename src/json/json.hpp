// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "json/json_fwd.hpp"

// The only place that calls nlohmann's parser and printer. Its exceptions never leave this room.

namespace skrei::json {

/// What a text may cost before it is refused.
struct ParseLimits {
  std::size_t bytes_max = 10 * 1024 * 1024;
  /// Levels of lists and objects.
  std::size_t depth_max = 64;
  /// Values in all: scalars, lists, objects. Aliases of YAML count each time they are used.
  std::size_t values_max = 500'000;
};

/// One JSON value, and nothing behind it. InvalidArgument says line and column; a key that stands
/// twice in one object is an error. ResourceExhausted if a limit is passed.
Result<Value> parse(std::string_view text, const ParseLimits& limits = {});

enum class Layout { Compact, Indented };

/// The text of a value: keys sorted, invalid UTF-8 replaced by U+FFFD, NaN and infinities null.
std::string dump(const Value& value, Layout layout = Layout::Compact);

}  // namespace skrei::json
