// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "text_template/value.hpp"

namespace skrei::text_template {

/// A number as Go writes it: "-12", "0x1F", "0o17", "017", "0b11", "1_000", "1.5", "2e3". A real
/// number where it has a point or an exponent. The error's message goes on after the number: "is no
/// number".
Result<Value> parse_number(std::string_view text);

}  // namespace skrei::text_template
