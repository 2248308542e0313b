// SPDX-License-Identifier: Apache-2.0
#include "sim/world.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "sim/compute_shell.hpp"
#include "sim/requester_shell.hpp"

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;

/// By then every job of a mended world has ended, with much to spare.
constexpr Duration kPatience = 48h;

std::size_t machines_of(const Scenario& scenario) {
  return scenario.requesters + scenario.nodes - scenario.both;
}

}  // namespace

World::World(const Scenario& scenario, Chronicle::Keep keep)
    : scenario_(scenario),
      weather_(scenario.weather),
      dice_(scenario.seed),
      chronicle_(agenda_, keep),
      breaches_(agenda_),
      records_(breaches_),
      nodes_(breaches_, machines_of(scenario)),
      leases_(agenda_, breaches_, machines_of(scenario), LeaseTerms{}),
      network_({agenda_, chronicle_, dice_, weather_}, machines_of(scenario), scenario.requesters) {
  build();
  plan_jobs();
  plan_weather();
  agenda_.at(scenario_.trouble, [this] { mend(); });
}

World::~World() = default;

void World::build() {
  const Stage stage{agenda_,   chronicle_, dice_,  weather_, network_,
                    breaches_, records_,   nodes_, leases_};
  for (std::size_t index = 0; index < machines_of(scenario_); ++index) {
    const bool requester = index < scenario_.requesters;
    const Roles roles{requester, !requester || index < scenario_.both};
    MachineClock::Shape clock;
    clock.drift_ppm = dice_.between(-weather_.drift_ppm, weather_.drift_ppm);
    if (weather_.wall_jumps > 0) clock.wall_offset = dice_.between(-5h, 5h);
    machines_.push_back(std::make_unique<Machine>(stage, index, roles, clock));
  }
  for (const auto& machine : machines_) {
    agenda_.after(dice_.between(0s, 2s), [&machine = *machine] { machine.start(); });
  }
}

void World::plan_jobs() {
  for (std::size_t job = 0; job < scenario_.jobs; ++job)
    agenda_.at(dice_.between(0s, scenario_.trouble), [this] { submit(); });
}

void World::submit() {
  Machine& machine = *machines_[dice_.below(scenario_.requesters)];
  machine.enter([this, &machine] {
    const auto id = machine.requester()->submit(random_job(dice_), [] {});
    SKREI_ASSERT(id.has_value());
    // By whichever process is there by then.
    if (dice_.chance(weather_.stops)) {
      agenda_.after(dice_.between(0s, 30s), [&machine, id = *id] {
        machine.enter([&machine, id] { machine.requester()->stop(id); });
      });
    }
    if (dice_.chance(weather_.reruns)) {
      agenda_.after(dice_.between(5s, 90s), [&machine, id = *id] {
        machine.enter([&machine, id] { machine.requester()->rerun(id); });
      });
    }
    if (dice_.chance(weather_.updates)) {
      agenda_.after(dice_.between(1s, 90s), [this, &machine, id = *id] {
        machine.enter([this, &machine, id] { machine.requester()->update(id, random_job(dice_)); });
      });
    }
  });
}

// -- Weather ----------------------------------------------------------------------------------

void World::plan(int per_hour, void (World::*what)(Machine&)) {
  const double hours = std::chrono::duration<double, std::ratio<3600>>(scenario_.trouble).count();
  const double expected = per_hour * hours * static_cast<double>(machines_.size());
  auto times = static_cast<std::size_t>(expected);
  const double rest = expected - static_cast<double>(times);
  if (dice_.chance(static_cast<unsigned>(rest * 1000))) ++times;
  for (std::size_t time = 0; time < times; ++time) {
    agenda_.at(dice_.between(0s, scenario_.trouble),
               [this, what] { (this->*what)(*machines_[dice_.below(machines_.size())]); });
  }
}

void World::plan_weather() {
  plan(weather_.crashes, &World::crash);
  plan(weather_.power_cuts, &World::cut_power);
  plan(weather_.cuts, &World::cut_off);
  plan(weather_.freezes, &World::freeze);
  plan(weather_.wall_jumps, &World::set_clock);
}

void World::take_down(Machine& machine, Machine::Loss loss) {
  if (!machine.up()) return;
  machine.crash(loss);
  const Duration down = dice_.chance(700) ? dice_.between(100ms, 5s) : dice_.between(5s, 90s);
  agenda_.after(down, [&machine] { machine.start(); });
}

void World::cut_off(Machine& machine) {
  const std::size_t index = machine.index();
  if (network_.side(index) != 0) return;
  chronicle_.note({.what = "cut off", .node = index});
  network_.set_side(index, ++sides_);
  agenda_.after(dice_.between(1s, 90s), [this, index] {
    if (network_.side(index) == 0) return;
    chronicle_.note({.what = "reached again", .node = index});
    network_.set_side(index, 0);
  });
}

void World::freeze(Machine& machine) {
  machine.freeze();
  const Duration time = dice_.chance(500) ? dice_.between(1s, 10s) : dice_.between(10s, 90s);
  agenda_.after(time, [&machine] { machine.thaw(); });
}

void World::set_clock(Machine& machine) {
  chronicle_.note({.what = "wall clock set", .node = machine.index()});
  machine.clock().set_wall(dice_.between(-24h, 24h));
}

void World::mend() {
  chronicle_.note({.what = "fair weather from here on"});
  weather_ = Weather{};
  for (const auto& machine : machines_) {
    machine->thaw();
    network_.set_side(machine->index(), 0);
    machine->start();
  }
}

// -- The run ----------------------------------------------------------------------------------

Report World::run() {
  const WorldTime patience = scenario_.trouble + kPatience;
  while (!breaches_.first() && !agenda_.empty() && agenda_.next() <= patience)
    agenda_.step();
  if (!breaches_.first()) check_end();
  Report report;
  report.breach = breaches_.first();
  report.hash = chronicle_.hash();
  report.lasted = agenda_.now();
  report.events = agenda_.steps();
  report.messages = network_.messages();
  report.jobs = records_.jobs();
  report.starts = nodes_.starts();
  return report;
}

void World::check_end() {
  const auto remembered = [this](std::size_t node, std::string what) {
    breaches_.add({Invariant::NothingRemembered,
                   fmt::format("node n-{} still has {}", node, what),
                   {},
                   {},
                   node});
  };
  for (const auto& machine : machines_) {
    const ComputeShell* const shell = machine->compute();
    if (!shell || shell->decider().held() > 0) continue;
    const model::ComputeNodeInfo told = shell->decider().describe();
    if (told.available_capacity == told.max_capacity) continue;
    remembered(machine->index(),
               fmt::format("{} reserved, and holds nothing",
                           model::to_string(told.max_capacity - told.available_capacity)));
  }
  records_.at_end();
  for (const auto& machine : machines_) {
    const std::size_t index = machine->index();
    if (const RequesterShell* const shell = machine->requester()) {
      const std::size_t jobs = shell->decider().live_jobs();
      const std::size_t offers = shell->decider().open_offers();
      if (jobs > 0) remembered(index, fmt::format("{} jobs", jobs));
      if (offers > 0) remembered(index, fmt::format("{} offers", offers));
    }
    if (const ComputeShell* const shell = machine->compute()) {
      const std::size_t held = shell->decider().held();
      if (held > 0) remembered(index, fmt::format("{} executions", held));
      const std::size_t rows = machine->disk().tables().hosted.size();
      if (rows > 0) remembered(index, fmt::format("{} records of executions", rows));
      if (!machine->engine().used().is_zero()) remembered(index, "programs that run");
    }
  }
}

std::vector<std::string> World::events_behind(const Breach& breach, std::size_t max) const {
  const JobId job = breach.job.empty() ? records_.job_of(breach.execution) : breach.job;
  return chronicle_.about(job, breach.execution, breach.node, max);
}

}  // namespace skrei::sim
