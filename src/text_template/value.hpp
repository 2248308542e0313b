// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "text_template/template.hpp"

namespace skrei::text_template {

/// What an expression can be: a text, a whole number, a real number, a truth value, or all values
/// (the map that `.` is at first; never null, outlives the rendering).
using Value = std::variant<std::string, std::int64_t, double, bool, const Values*>;

/// "a text", "a whole number", …: for errors.
std::string_view kind_of(const Value& value);

/// Go's idea of it: not empty, not 0, true.
bool is_true(const Value& value);

/// As Go's %v prints it.
std::string to_text(const Value& value);

/// As Go prints a float64 by %v: the shortest digits that read back, 1e+06 from a million on.
std::string real_text(double value);

}  // namespace skrei::text_template
