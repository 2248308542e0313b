// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sim/disk.hpp"
#include "sim/engine.hpp"
#include "sim/lease_rules.hpp"
#include "sim/machine_clock.hpp"
#include "sim/network.hpp"
#include "sim/node_rules.hpp"
#include "sim/record_rules.hpp"

namespace skrei::sim {

class ComputeShell;
class RequesterShell;

/// What all machines of a world share.
struct Stage {
  Agenda& agenda;
  Chronicle& chronicle;
  Dice& dice;
  const Weather& weather;
  Network& network;
  Breaches& breaches;
  RecordRules& records;
  NodeRules& nodes;
  LeaseRules& leases;
};

/// Which halves the node on a machine has.
struct Roles {
  bool requester = false;
  bool compute = false;
};

/// One machine and the node on it: clocks, a disk, an engine, which last, and a process, which may
/// be killed, stopped and started again.
class Machine {
 public:
  Machine(Stage stage, std::size_t index, Roles roles, MachineClock::Shape clock);
  ~Machine();

  /// Starts the process, if there is none.
  void start();
  enum class Loss { Process, Power };
  /// The process ends without a word; with the power, what the engine ran ends too.
  void crash(Loss loss);
  void freeze();
  void thaw();
  bool up() const { return process_ != nullptr; }
  bool frozen() const { return frozen_; }

  /// What the process is told: at once, after a freeze, or never if the process ends before.
  void enter(Action action);
  /// enter() after a while, unless this process has ended by then.
  void later(Duration delay, Action action);

  protocol::Now now() const { return clock_.at(stage_.agenda.now()); }
  std::size_t index() const { return index_; }
  Roles roles() const { return roles_; }
  MachineClock& clock() { return clock_; }
  Disk& disk() { return disk_; }
  Engine& engine() { return engine_; }
  const Stage& stage() const { return stage_; }
  swarm::Peers& peers();
  /// Null without a process or without that half.
  RequesterShell* requester();
  ComputeShell* compute();

 private:
  struct Process;
  void on_message(const NodeId& from, const protocol::Message& message);
  void on_peer(const swarm::PeerEvent& event);
  void recover();

  Stage stage_;
  std::size_t index_;
  Roles roles_;
  MachineClock clock_;
  Disk disk_;
  Engine engine_;
  std::unique_ptr<Process> process_;
  /// Counts processes, and starts of the machine.
  std::uint64_t life_ = 0;
  std::uint64_t boot_ = 1;
  bool frozen_ = false;
  std::deque<Action> backlog_;
};

/// Calls `ring` in the process once the time that was last set has come.
class Alarm {
 public:
  Alarm(Machine& machine, std::function<void()> ring) : machine_(machine), ring_(std::move(ring)) {}

  void set(std::optional<BootTime> time);

 private:
  void schedule();
  void fire(std::uint64_t number);

  Machine& machine_;
  std::function<void()> ring_;
  std::optional<BootTime> wanted_;
  std::optional<WorldTime> scheduled_;
  std::uint64_t number_ = 0;
};

}  // namespace skrei::sim
