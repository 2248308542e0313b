// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "text_template/source.hpp"
#include "text_template/tree.hpp"

namespace skrei::text_template {

/// The tree of a template. Variables are known and functions exist in what is returned; how many
/// arguments a function takes is found out when it is called.
Result<std::vector<Node>> parse(const Source& source, const Limits& limits);

}  // namespace skrei::text_template
