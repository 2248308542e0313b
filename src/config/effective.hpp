// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/config.hpp"
#include "json/json_fwd.hpp"

namespace skrei::config {

/// The settings as a tree: {"API": {"Host": "127.0.0.1", "Port": 1234}}. Numbers, switches, lists
/// and maps have their JSON types, everything else is text; a secret is "********".
json::Value effective_json(const std::vector<Explanation>& settings);

/// [{"Key": "API.Port", "Value": "1234", "Origin": "default", "Meaning": "…"}], secrets starred.
json::Value explained_json(const std::vector<Explanation>& settings);

/// Whether the value must not be shown: tokens, passwords, secrets and keys.
bool is_secret(std::string_view key);

}  // namespace skrei::config
