// SPDX-License-Identifier: Apache-2.0
// skrei_sim: simulates worlds of nodes, one a seed, and says what does not hold (./dev sim).
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "sim/planting.hpp"
#include "sim/seed_runs.hpp"
#include "sim/world.hpp"

namespace skrei::sim {
namespace {

/// A planted bug that is not found by then counts as not found.
constexpr Duration kFindWithin = std::chrono::minutes(2);

struct Arguments {
  std::optional<std::uint64_t> seed;
  std::string seeds;
  std::string plant;
  std::optional<std::size_t> nodes;
  std::optional<std::size_t> requesters;
  std::optional<std::size_t> jobs;
  std::optional<double> hours;
  unsigned processes = 0;
  std::size_t lines = 200;
};

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// "3.2 h", "12.5 days", "1.4 years".
std::string long_time(Duration time) {
  constexpr double kHour = 3600;
  constexpr double kDay = 24 * kHour;
  constexpr double kYear = 365.25 * kDay;
  const double all = seconds(time);
  if (all < kDay) return fmt::format("{:.1f} h", all / kHour);
  if (all < kYear) return fmt::format("{:.1f} days", all / kDay);
  return fmt::format("{:.2f} years", all / kYear);
}

/// What the command line fixes, and else what the planted bug, if there is one, fixes.
Fixed fixed_by(const Arguments& arguments, const Planting* planting) {
  Fixed fixed = planting ? planting->suits : Fixed{};
  if (arguments.nodes) fixed.nodes = arguments.nodes;
  if (arguments.requesters) fixed.requesters = arguments.requesters;
  if (arguments.jobs) fixed.jobs = arguments.jobs;
  if (arguments.hours) {
    fixed.trouble = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::ratio<3600>>(*arguments.hours));
  }
  return fixed;
}

/// "1..2000", both among them.
std::optional<SeedRange> parse_range(std::string_view text) {
  SeedRange range;
  const char* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, range.first);
  const std::string_view rest(read.ptr, static_cast<std::size_t>(end - read.ptr));
  if (read.ec != std::errc() || !rest.starts_with("..")) return std::nullopt;
  read = std::from_chars(read.ptr + 2, end, range.last);
  if (read.ec != std::errc() || read.ptr != end || range.last < range.first) return std::nullopt;
  return range;
}

std::string describe(const Scenario& scenario) {
  const Weather& w = scenario.weather;
  return fmt::format(
      "{} requesters, {} nodes ({} both), {} jobs in {}; lost {}, doubled {}, late {}, jams {}{}; "
      "per node "
      "and hour: crashes {}, power cuts {}, cuts {}, freezes {}, clocks set {}; "
      "slow syncs {}, drift {} ppm; faults of nodes {}, of jobs {}, stops {}, reruns {}, updates "
      "{}, hard assessments {}",
      scenario.requesters, scenario.nodes, scenario.both, scenario.jobs,
      long_time(scenario.trouble), w.lost, w.doubled, w.late, w.jams,
      w.reordered ? ", reordered" : "", w.crashes, w.power_cuts, w.cuts, w.freezes, w.wall_jumps,
      w.slow_syncs, w.drift_ppm, w.node_faults, w.job_faults, w.stops, w.reruns, w.updates,
      w.hard_assessments);
}

int replay(std::uint64_t seed, const Fixed& fixed, std::size_t lines) {
  const SystemClock clock;
  const Scenario scenario = scenario_of(seed, fixed);
  fmt::print("seed {}: {}\n", seed, describe(scenario));
  std::fflush(stdout);
  World world(scenario, Chronicle::Keep::Lines);
  const BootTime began = clock.boot_now();
  const Report report = world.run();
  fmt::print(
      "{} events, {} messages, {} jobs, {} starts in {:.1f} s of its time; {:.2f} s of "
      "ours\nhash {:016x}\n",
      report.events, report.messages, report.jobs, report.starts, seconds(report.lasted),
      seconds(clock.boot_now() - began), report.hash);
  if (!report.breach) {
    fmt::print("everything held\n");
    return 0;
  }
  const Breach& breach = *report.breach;
  fmt::print("BROKEN {}: {}\nat {:.6f} s: {}\nwhat led to it:\n", to_string(breach.invariant),
             rule_of(breach.invariant), seconds(breach.time), breach.sentence);
  for (const std::string& line : world.events_behind(breach, lines))
    fmt::print("{}\n", line);
  return 1;
}

int run_range(SeedRange range, const Fixed& fixed, unsigned wanted) {
  const SystemClock clock;
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  const unsigned processes = wanted > 0 ? wanted : static_cast<unsigned>(std::max(cores, 1L));
  const BootTime began = clock.boot_now();
  const Summary summary = run_seeds(range, fixed, processes);
  const double took = seconds(clock.boot_now() - began);
  fmt::print(
      "{} seeds in {:.1f} s with {} processes: {:.0f} seeds/s, {} simulated, {} events, {} "
      "messages, {} jobs, {} starts\nhash {:016x}\n",
      summary.worlds, took, processes, static_cast<double>(summary.worlds) / took,
      long_time(summary.simulated), summary.events, summary.messages, summary.jobs, summary.starts,
      summary.hash);
  for (const std::uint64_t seed : summary.crashed)
    fmt::print("seed {}: the process ended; ./dev sim --seed {} shows how\n", seed, seed);
  for (const BrokenSeed& broken : summary.broken)
    fmt::print("seed {}: BROKEN {}\n", broken.seed, to_string(broken.invariant));
  if (summary.broken.empty() && summary.crashed.empty()) {
    fmt::print("everything held\n");
    return 0;
  }
  fmt::print("{} seeds broke; ./dev sim --seed N shows one\n",
             summary.broken.size() + summary.crashed.size());
  return 1;
}

/// Runs seeds until the planted bug shows.
int find_planted(const Planting& planting, const Fixed& fixed) {
  const SystemClock clock;
  const BootTime began = clock.boot_now();
  for (std::uint64_t seed = 1;; ++seed) {
    World world(scenario_of(seed, fixed), Chronicle::Keep::Hash);
    const Report report = world.run();
    const Duration took = clock.boot_now() - began;
    if (report.breach) {
      const bool fits = planting.shows_as(report.breach->invariant);
      fmt::print("{}: seed {} breaks {} after {:.1f} s{}\n{}\n", planting.name, seed,
                 to_string(report.breach->invariant), seconds(took),
                 fits ? "" : ", which is not what this bug does", report.breach->sentence);
      return fits ? 0 : 1;
    }
    if (took > kFindWithin) {
      fmt::print("{}: not found by {} seeds in {:.0f} s\n", planting.name, seed, seconds(took));
      return 1;
    }
  }
}

int run(const Arguments& arguments) {
  const Planting* planting = nullptr;
  if (!arguments.plant.empty()) {
    planting = find_planting(arguments.plant);
    if (!planting) {
      fmt::print(stderr, "skrei_sim: there is no bug \"{}\" to plant; there are: {}\n",
                 arguments.plant, planting_names());
      return 2;
    }
    plant(*planting);
  }
  const Fixed fixed = fixed_by(arguments, planting);
  if (arguments.seed) return replay(*arguments.seed, fixed, arguments.lines);
  if (!arguments.seeds.empty()) {
    const auto range = parse_range(arguments.seeds);
    if (range) return run_range(*range, fixed, arguments.processes);
    fmt::print(stderr, "skrei_sim: --seeds {}: not a range such as 1..2000\n", arguments.seeds);
    return 2;
  }
  if (planting) return find_planted(*planting, fixed);
  return run_range({1, 1000}, fixed, arguments.processes);
}

int parse_and_run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Simulates a requester and its nodes, one world a seed, and says what broke.");
  app.add_option("--seed", arguments.seed, "Replay one seed, and show what led to a breach");
  app.add_option("--seeds", arguments.seeds, "Run a range of seeds, such as 1..2000")
      ->excludes("--seed");
  app.add_option("--nodes", arguments.nodes, "Nodes that run jobs (default: 3, or fewer)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--requesters", arguments.requesters, "Nodes that take jobs in (default: 1)")
      ->check(CLI::Range(1, 100));
  app.add_option("--jobs", arguments.jobs, "Jobs (default: 4 a minute)")
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--hours", arguments.hours, "How long the bad weather lasts (default: 2 minutes)")
      ->check(CLI::Range(0.001, 100'000.0));
  app.add_option("--processes", arguments.processes, "For --seeds (default: one for each core)")
      ->check(CLI::Range(1, 256));
  app.add_option("--lines", arguments.lines, "Events shown of a breach, at most");
  app.add_option("--plant", arguments.plant,
                 "Plant a bug; without --seed or --seeds, run seeds until it is found");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run(arguments);
}

}  // namespace
}  // namespace skrei::sim

int main(int argc, char** argv) {
  try {
    return skrei::sim::parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "skrei_sim: {}\n", error.what());
    return 2;
  }
}
