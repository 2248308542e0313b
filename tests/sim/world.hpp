// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/job.hpp"
#include "sim/machine.hpp"
#include "sim/scenario.hpp"

namespace skrei::sim {

/// What became of a world.
struct Report {
  std::optional<Breach> breach;
  std::uint64_t hash = 0;
  /// How long it lasted, in its own time.
  Duration lasted{0};
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t jobs = 0;
  std::uint64_t starts = 0;
};

/// Requesters and nodes with the real deciders, on simulated machines and a simulated network, in
/// one thread and from one seed: the same scenario always has the same history.
///
/// Jobs come in and the weather is bad for Scenario::trouble; then everything is mended, and all
/// that was taken in has to end.
class World {
 public:
  World(const Scenario& scenario, Chronicle::Keep keep);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// To the end, or to the first breach. Once.
  Report run();
  /// What led to the breach, at most the last `max` events, as lines; empty without Keep::Lines.
  std::vector<std::string> events_behind(const Breach& breach, std::size_t max) const;

 private:
  void build();
  void plan_jobs();
  void plan_weather();
  /// So many times per node and hour, at moments and on machines of chance.
  void plan(int per_hour, void (World::*what)(Machine&));
  void take_down(Machine& machine, Machine::Loss loss);
  void crash(Machine& machine) { take_down(machine, Machine::Loss::Process); }
  void cut_power(Machine& machine) { take_down(machine, Machine::Loss::Power); }
  void cut_off(Machine& machine);
  void freeze(Machine& machine);
  void set_clock(Machine& machine);
  void mend();
  void submit();
  void check_end();

  Scenario scenario_;
  Weather weather_;
  Dice dice_;
  Agenda agenda_;
  Chronicle chronicle_;
  Breaches breaches_;
  RecordRules records_;
  NodeRules nodes_;
  LeaseRules leases_;
  Network network_;
  std::vector<std::unique_ptr<Machine>> machines_;
  int sides_ = 0;
};

/// Some job, as people hand them in: mostly small and short, now and then wide, long, limited or
/// one that no node takes.
model::Job random_job(Dice& dice);

}  // namespace skrei::sim
