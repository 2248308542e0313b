// SPDX-License-Identifier: Apache-2.0
#include "model/node_json.hpp"

#include "json/reflect.hpp"
#include "json/words.hpp"
#include "model/codecs.hpp"

namespace skrei::model {
namespace {

using json::Emit;
using json::field;
using json::Words;

// What Go prints for a time that was never set.
constexpr std::string_view kNeverText = "0001-01-01T00:00:00Z";

struct MaybeRfc3339 {
  static json::Value encode(const std::optional<WallTime>& time) {
    return time ? format_time(*time) : std::string(kNeverText);
  }
  static json::Value schema() { return Rfc3339::schema(); }
  static Result<void> decode(const json::Value& value, const json::Reader& reader,
                             std::optional<WallTime>& out) {
    if (value == kNeverText) {
      out.reset();
      return {};
    }
    return Rfc3339::decode(value, reader, out.emplace());
  }
};

}  // namespace

constexpr auto json_fields(const BuildVersion*) {
  return std::tuple{field("Major", &BuildVersion::major),
                    field("Minor", &BuildVersion::minor),
                    field("GitVersion", &BuildVersion::git_version),
                    field("GitCommit", &BuildVersion::git_commit),
                    field("BuildDate", &BuildVersion::build_date),
                    field("GOOS", &BuildVersion::goos),
                    field("GOARCH", &BuildVersion::goarch)};
}
static_assert(json::kCoversAllMembers<BuildVersion>);

// "address" is lower case in v1.9.3, and only that.
constexpr auto json_fields(const ComputeNodeInfo*) {
  return std::tuple{field("ExecutionEngines", &ComputeNodeInfo::execution_engines),
                    field("Publishers", &ComputeNodeInfo::publishers),
                    field("StorageSources", &ComputeNodeInfo::storage_sources),
                    field("MaxCapacity", &ComputeNodeInfo::max_capacity),
                    field("QueueCapacity", &ComputeNodeInfo::queue_capacity),
                    field("AvailableCapacity", &ComputeNodeInfo::available_capacity),
                    field("MaxJobRequirements", &ComputeNodeInfo::max_job_requirements),
                    field("RunningExecutions", &ComputeNodeInfo::running_executions),
                    field("EnqueuedExecutions", &ComputeNodeInfo::enqueued_executions),
                    field("address", &ComputeNodeInfo::address)};
}
static_assert(json::kCoversAllMembers<ComputeNodeInfo>);

constexpr auto json_fields(const NodeInfo*) {
  return std::tuple{field("NodeID", &NodeInfo::node_id),
                    field<Words<NodeType, parse_node_type, to_string, NodeType::Compute>>(
                        "NodeType", &NodeInfo::node_type),
                    field("Labels", &NodeInfo::labels),
                    field("SupportedProtocols", &NodeInfo::supported_protocols),
                    field("ComputeNodeInfo", &NodeInfo::compute_node_info, Emit::IfSet),
                    field("BacalhauVersion", &NodeInfo::version)};
}
static_assert(json::kCoversAllMembers<NodeInfo>);

constexpr auto json_fields(const ConnectionState*) {
  using State = ConnectionState;
  return std::tuple{field<Words<Connection, parse_connection, to_string, Connection::Connected>>(
                        "Status", &State::status),
                    field<MaybeRfc3339>("LastHeartbeat", &State::last_heartbeat),
                    field("LastComputeSeqNum", &State::last_compute_seq_num),
                    field("LastOrchestratorSeqNum", &State::last_orchestrator_seq_num),
                    field<MaybeRfc3339>("ConnectedSince", &State::connected_since),
                    field<MaybeRfc3339>("DisconnectedSince", &State::disconnected_since),
                    field("LastError", &State::last_error)};
}
static_assert(json::kCoversAllMembers<ConnectionState>);

constexpr auto json_fields(const NodeState*) {
  return std::tuple{field("Info", &NodeState::info),
                    field<Words<Membership, parse_membership, to_string, Membership::Rejected>>(
                        "Membership", &NodeState::membership),
                    field("ConnectionState", &NodeState::connection_state)};
}
static_assert(json::kCoversAllMembers<NodeState>);

json::Value to_json(const NodeInfo& info) {
  return json::encode(info);
}
json::Value to_json(const NodeState& state) {
  json::Value value = json::encode(state);
  // A second copy for clients from before ConnectionState.
  value["Connection"] = std::string(to_string(state.connection_state.status));
  return value;
}
json::Value to_json(const BuildVersion& version) {
  return json::encode(version);
}
json::Value to_json(const Resources& resources) {
  return json::encode(resources);
}

json::Value node_info_schema() {
  return json::schema<NodeInfo>();
}
json::Value node_state_schema() {
  json::Value result = json::schema<NodeState>();
  result["properties"]["Connection"] = json::schema<std::string>();
  return result;
}
json::Value build_version_schema() {
  return json::schema<BuildVersion>();
}

Result<NodeInfo> node_info_from_json(const json::Value& value) {
  return json::decode<NodeInfo>(value);
}
Result<NodeState> node_state_from_json(const json::Value& value) {
  return json::decode<NodeState>(value);
}
Result<BuildVersion> build_version_from_json(const json::Value& value) {
  return json::decode<BuildVersion>(value);
}
Result<Resources> resources_from_json(const json::Value& value) {
  return json::decode<Resources>(value);
}

std::string encode_node_info(const NodeInfo& info) {
  return json::dump(json::encode(info));
}
Result<NodeInfo> decode_node_info(std::string_view text) {
  return decode_text<NodeInfo>("node description", text);
}
std::string encode_resources(const Resources& resources) {
  return json::dump(json::encode(resources));
}
Result<Resources> decode_resources(std::string_view text) {
  return decode_text<Resources>("resources", text);
}

}  // namespace skrei::model
