// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/build_version.hpp"
#include "model/labels.hpp"
#include "model/resources.hpp"

namespace skrei::model {

/// "Requester" takes jobs in, "Compute" runs them. A node that does both calls itself Compute.
enum class NodeType { Requester, Compute };

std::string_view to_string(NodeType type);
Result<NodeType> parse_node_type(std::string_view text);

/// What a node can run and how much of it is free.
struct ComputeNodeInfo {
  /// Kinds in lower case, sorted.
  std::vector<std::string> execution_engines;
  std::vector<std::string> publishers;
  std::vector<std::string> storage_sources;
  Resources max_capacity;
  /// Asked for by executions that wait on the node.
  Resources queue_capacity;
  Resources available_capacity;
  Resources max_job_requirements;
  std::uint64_t running_executions = 0;
  std::uint64_t enqueued_executions = 0;
  /// Where jobs' ports are reached.
  std::string address;

  bool operator==(const ComputeNodeInfo&) const = default;
};

/// A node as it describes itself.
struct NodeInfo {
  NodeId node_id;
  NodeType node_type = NodeType::Compute;
  StringMap labels;
  std::vector<std::string> supported_protocols;
  /// Unset for a node that runs no jobs.
  std::optional<ComputeNodeInfo> compute_node_info;
  BuildVersion version;

  bool operator==(const NodeInfo&) const = default;
};

/// "PENDING", "APPROVED", "REJECTED" on the wire.
enum class Membership { Pending, Approved, Rejected };

std::string_view to_string(Membership membership);
Result<Membership> parse_membership(std::string_view text);

/// "CONNECTED", "DISCONNECTED" on the wire.
enum class Connection { Disconnected, Connected };

std::string_view to_string(Connection connection);
Result<Connection> parse_connection(std::string_view text);

struct ConnectionState {
  Connection status = Connection::Disconnected;
  /// Unset times have never been ("0001-01-01T00:00:00Z" on the wire).
  std::optional<WallTime> last_heartbeat;
  std::uint64_t last_compute_seq_num = 0;
  std::uint64_t last_orchestrator_seq_num = 0;
  std::optional<WallTime> connected_since;
  std::optional<WallTime> disconnected_since;
  std::string last_error;

  bool operator==(const ConnectionState&) const = default;
};

/// A node as another one sees it.
struct NodeState {
  NodeInfo info;
  Membership membership = Membership::Approved;
  ConnectionState connection_state;

  bool operator==(const NodeState&) const = default;
};

}  // namespace skrei::model
