// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "protocol/decider.hpp"
#include "sim/agenda.hpp"
#include "sim/breach.hpp"

namespace skrei::sim {

/// How long leases last, as both deciders' options have it.
struct LeaseTerms {
  Duration lease = std::chrono::seconds(30);
  Duration tolerance = std::chrono::minutes(10);
};

/// What must hold of leases, on both sides of each: who is heard of keeps it, who is not loses it.
///
/// It looks over the deciders' shoulders: at what they are told when they handle it, and at what
/// they decide at once.
class LeaseRules {
 public:
  LeaseRules(Agenda& agenda, Breaches& breaches, std::size_t nodes, LeaseTerms terms)
      : agenda_(agenda), breaches_(breaches), terms_(terms), nodes_(nodes) {}

  // -- Processes
  void on_process_start(std::size_t node);
  void on_process_end(std::size_t node);
  void on_freeze(std::size_t node) { nodes_.at(node).frozen = true; }
  void on_thaw(std::size_t node);

  // -- The requester, who grants
  void on_heartbeat(std::size_t requester, std::size_t node, const protocol::Heartbeat& message);
  void on_requester_rows(std::size_t requester, const protocol::Batch& rows);
  /// Also after a restart, for each execution that holds a lease.
  void on_granted(std::size_t requester, const model::Execution& execution);

  // -- The node, who holds; `now` is its own boot clock
  void on_award(std::size_t node, const protocol::Award& message);
  void on_cancel(const protocol::Cancel& message) { cancelled_.insert(message.execution); }
  void on_answer(std::size_t node, std::size_t requester, const protocol::HeartbeatAnswer& message);
  void on_node_effects(std::size_t node, const protocol::Effects& effects, BootTime now);
  void on_recovered(std::size_t node, const protocol::HostedExecution& hosted, BootTime now);
  void on_program_start(const ExecutionId& execution);
  void on_program_end(const ExecutionId& execution);

 private:
  /// The last heartbeat that counted of one sender.
  struct Heard {
    std::string run_id;
    std::uint64_t sequence = 0;
    std::uint64_t count = 0;
  };
  struct Sent {
    std::uint64_t sequence = 0;
    BootTime at{};
    std::vector<ExecutionId> listed;
  };
  struct Node {
    bool up = false;
    bool frozen = false;
    /// It handles what comes, without a break, since then.
    WorldTime awake_since{};
    std::map<std::size_t, Heard> heard;
    std::map<std::size_t, std::deque<Sent>> sent;
    std::map<OfferId, BootTime> bids;
  };
  struct Granted {
    std::size_t requester = kNobody;
    std::size_t node = kNobody;
    JobId job;
    WorldTime heard{};
    /// Which of its node's heartbeats listed it last.
    std::uint64_t count = 0;
  };
  struct Held {
    std::size_t node = kNobody;
    JobId job;
    /// The last renewal, on the node's clock and on the world's.
    BootTime renewed{};
    WorldTime renewed_at{};
    Duration tolerance{0};
    bool runs = false;
    bool stopping = false;
  };

  void check_lost(const ExecutionId& execution, const Granted& granted);
  void watch_granted(const ExecutionId& id, WorldTime due);
  void watch_held(const ExecutionId& id, WorldTime due);
  void on_row(std::size_t node, const protocol::HostedExecution& hosted, BootTime now);
  bool is_awake(std::size_t node) const { return nodes_.at(node).up && !nodes_.at(node).frozen; }

  Agenda& agenda_;
  Breaches& breaches_;
  LeaseTerms terms_;
  std::vector<Node> nodes_;
  std::map<ExecutionId, Granted> granted_;
  std::map<ExecutionId, Held> held_;
  std::set<ExecutionId> cancelled_;
};

}  // namespace skrei::sim
