// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "json/json.hpp"

namespace skrei::json {

/// One YAML document (so also any JSON text) as a JSON value, by the core schema of YAML 1.2:
/// plain scalars may be null, booleans, integers and floats; quoted ones are always text. Aliases
/// and merge keys ("<<") are resolved and count against `limits` each time. InvalidArgument says
/// line and column; ResourceExhausted if a limit is passed.
Result<Value> parse_yaml(std::string_view text, const ParseLimits& limits = {});

/// Block style, keys sorted; text that would be read as something else is quoted. The inverse of
/// parse_yaml. Invalid UTF-8 is replaced as by dump().
std::string dump_yaml(const Value& value);

}  // namespace skrei::json
