// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario.hpp"

#include <algorithm>

#include "sim/dice.hpp"

namespace skrei::sim {
namespace {

constexpr std::size_t kNodes = 3;
constexpr std::size_t kJobsPerMinute = 4;
constexpr std::size_t kJobsMax = 20'000;
/// A world that lasts longer has bad moments this many times rarer.
constexpr Duration kShort = std::chrono::minutes(10);
constexpr int kCalmer = 20;

}  // namespace

Scenario scenario_of(std::uint64_t seed, const Fixed& fixed) {
  // Its own stream: what a flag fixes does not change the rest.
  Dice dice(seed * 0x9e3779b97f4a7c15 + 1);
  const auto chance = [&](unsigned most) {
    const auto value = static_cast<unsigned>(dice.between(1, static_cast<int>(most)));
    return dice.chance(500) ? value : 0U;
  };
  const auto count = [&](int most) {
    const int value = dice.between(1, most);
    return dice.chance(500) ? value : 0;
  };
  Scenario scenario;
  scenario.seed = seed;
  const std::size_t few = 1 + dice.below(kNodes - 1);
  scenario.nodes = fixed.nodes.value_or(dice.chance(400) ? few : kNodes);
  scenario.requesters = fixed.requesters.value_or(1);
  scenario.both = dice.chance(300) ? std::min(scenario.nodes, scenario.requesters) : 0;
  scenario.trouble = fixed.trouble.value_or(std::chrono::minutes(2));
  const auto minutes = std::chrono::floor<std::chrono::minutes>(scenario.trouble).count();
  scenario.jobs = fixed.jobs.value_or(std::min(
      static_cast<std::size_t>(std::max<std::int64_t>(minutes, 1)) * kJobsPerMinute, kJobsMax));

  Weather& weather = scenario.weather;
  weather.lost = chance(150);
  weather.doubled = chance(150);
  weather.late = chance(50);
  weather.reordered = dice.chance(500);
  weather.crashes = count(60);
  weather.power_cuts = count(30);
  weather.cuts = count(60);
  weather.freezes = count(40);
  weather.jams = fixed.jams.value_or(chance(30));
  weather.wall_jumps = count(20);
  weather.slow_syncs = chance(20);
  weather.drift_ppm = count(500);
  weather.node_faults = chance(100);
  weather.job_faults = chance(50);
  weather.stops = chance(200);
  weather.reruns = chance(200);
  weather.hard_assessments = chance(50);
  weather.updates = chance(200);
  if (scenario.trouble > kShort) {
    for (int* rate : {&weather.crashes, &weather.power_cuts, &weather.cuts, &weather.freezes,
                      &weather.wall_jumps}) {
      *rate = (*rate + kCalmer - 1) / kCalmer;
    }
  }
  return scenario;
}

}  // namespace skrei::sim
