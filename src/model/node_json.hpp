// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/json_fwd.hpp"
#include "model/node.hpp"

namespace skrei::model {

/// The wire forms of v1.9.3: amounts that are 0 are left out; unset times print as year 1.
json::Value to_json(const NodeInfo& info);
json::Value to_json(const NodeState& state);
json::Value to_json(const BuildVersion& version);
json::Value to_json(const Resources& resources);

/// JSON Schemas of these wire forms.
json::Value node_info_schema();
json::Value node_state_schema();
json::Value build_version_schema();

Result<NodeInfo> node_info_from_json(const json::Value& value);
Result<NodeState> node_state_from_json(const json::Value& value);
Result<BuildVersion> build_version_from_json(const json::Value& value);
Result<Resources> resources_from_json(const json::Value& value);

/// Storage and node-to-node form: the text of a JSON object. Everything comes back as it was.
std::string encode_node_info(const NodeInfo& info);
Result<NodeInfo> decode_node_info(std::string_view text);
std::string encode_resources(const Resources& resources);
Result<Resources> decode_resources(std::string_view text);

}  // namespace skrei::model
