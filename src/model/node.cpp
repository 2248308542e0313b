// SPDX-License-Identifier: Apache-2.0
#include "model/node.hpp"

#include "model/words.hpp"

namespace skrei::model {
namespace {

constexpr WordTable<NodeType, 2> kNodeTypes{
    {{NodeType::Requester, "Requester"}, {NodeType::Compute, "Compute"}}};

constexpr WordTable<Membership, 3> kMemberships{{{Membership::Pending, "PENDING"},
                                                 {Membership::Approved, "APPROVED"},
                                                 {Membership::Rejected, "REJECTED"}}};

constexpr WordTable<Connection, 2> kConnections{
    {{Connection::Disconnected, "DISCONNECTED"}, {Connection::Connected, "CONNECTED"}}};

}  // namespace

std::string_view to_string(NodeType type) {
  return print_word(kNodeTypes, type);
}
Result<NodeType> parse_node_type(std::string_view text) {
  return parse_word(kNodeTypes, "node type", text);
}

std::string_view to_string(Membership membership) {
  return print_word(kMemberships, membership);
}
Result<Membership> parse_membership(std::string_view text) {
  return parse_word(kMemberships, "membership", text);
}

std::string_view to_string(Connection connection) {
  return print_word(kConnections, connection);
}
Result<Connection> parse_connection(std::string_view text) {
  return parse_word(kConnections, "connection", text);
}

}  // namespace skrei::model
