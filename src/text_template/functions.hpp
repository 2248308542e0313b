// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "text_template/value.hpp"

namespace skrei::text_template {

/// Whether templates may call it; `and` and `or` among them.
bool is_function(std::string_view name);

/// Why a name is no function, with the nearest one.
std::string unknown_function(std::string_view name);

/// Calls any function but `and` and `or`, which do not take all of their arguments' values. The
/// error's message is without a place.
Result<Value> call_function(std::string_view name, std::span<const Value> arguments);

/// Go's fmt.Sprintf, with an error where Go would write "%!…" into the text.
Result<std::string> format_text(std::string_view format, std::span<const Value> arguments);

}  // namespace skrei::text_template
