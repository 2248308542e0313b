// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "compute/decider.hpp"
#include "orchestrator/decider.hpp"

namespace skrei::orchestrator::testing {

/// How rough a simulated world is. Chances are in thousandths.
struct Weather {
  std::uint64_t seed = 1;
  int compute_nodes = 2;
  int jobs = 8;
  unsigned lost = 30;
  unsigned doubled = 30;
  /// Messages overtake each other, as over several connections.
  bool reordered = false;
  int crashes = 6;
  int cuts = 4;
  /// Executions that end as a fault of the node, and as a fault of their job.
  unsigned node_faults = 50;
  unsigned job_faults = 20;
  /// Jobs that run once on every node.
  unsigned ops = 200;
  /// Jobs that somebody stops.
  unsigned stops = 100;
  /// Crashes and cuts happen up to then.
  Duration trouble = std::chrono::seconds(120);
};

/// A requester and compute nodes with fake shells, disks and engines on one virtual clock: messages
/// get lost, doubled, late; nodes crash and lose what was not synced. One seed, one history.
///
/// Breaches of what must hold in every history are collected in `breaches` as sentences.
class World {
 public:
  explicit World(Weather weather);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Until nothing is left to happen, or `limit` of virtual time.
  void run(Duration limit);

  std::vector<std::string> breaches;
  /// What the requester's disk holds.
  std::map<JobId, model::Job> jobs;
  std::map<ExecutionId, model::Execution> executions;
  std::vector<protocol::AppendEvent> history;
  /// Jobs whose submission was answered.
  std::set<JobId> acknowledged;
  std::size_t messages = 0;
  std::size_t starts = 0;
  /// Jobs and executions that the deciders still hold in memory.
  std::size_t held() const;

 private:
  struct Node;
  struct ComputeNode;
  struct RequesterNode;

  protocol::Now now() const;
  void at(Duration delay, std::function<void()> action);
  Duration between(Duration low, Duration high);
  bool chance(unsigned thousandths);
  void send(const NodeId& from, const NodeId& to, const protocol::Message& message);
  void deliver(const NodeId& from, const NodeId& to, const protocol::Message& message);
  void commit(Node& node, protocol::Batch rows, std::function<void()> synced);
  void write(Node& node, protocol::Mutation row);
  void write_execution(const model::Execution& execution);
  void write_job(const model::Job& job);
  void crash(Node& node);
  void start(Node& node);
  void connect(const NodeId& a, const NodeId& b);
  void cut(const NodeId& node);
  void submit();
  void breach(std::string sentence) { breaches.push_back(std::move(sentence)); }

  Weather weather_;
  SeededRandom random_;
  BootTime time_{std::chrono::seconds(1000)};
  std::uint64_t next_order_ = 0;
  std::map<std::pair<BootTime, std::uint64_t>, std::function<void()>> agenda_;
  std::map<std::pair<NodeId, NodeId>, BootTime> last_delivery_;
  std::set<NodeId> cut_off_;
  std::unique_ptr<RequesterNode> requester_;
  std::map<NodeId, std::unique_ptr<ComputeNode>> computes_;
};

}  // namespace skrei::orchestrator::testing
