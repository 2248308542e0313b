// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace skrei::json {

/// A JSON value. Object keys are sorted, so that one value has one text. Headers name it; sources
/// that look inside include "json/json.hpp".
using Value = nlohmann::json;

}  // namespace skrei::json
