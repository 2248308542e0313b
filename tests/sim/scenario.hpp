// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace skrei::sim {

/// How rough a world is. Chances are in thousandths; what happens to nodes is counted per node and
/// hour.
struct Weather {
  // Messages.
  unsigned lost = 0;
  unsigned doubled = 0;
  /// Come up to seconds later than others.
  unsigned late = 0;
  /// Overtake each other, also those of an earlier connection.
  bool reordered = false;
  /// Begin a jam: what goes the same way in the next seconds comes half a minute later.
  unsigned jams = 0;

  // Nodes.
  int crashes = 0;     ///< kill -9: the process ends, its programs go on.
  int power_cuts = 0;  ///< The machine goes down, with everything that ran.
  int cuts = 0;        ///< Nobody reaches the node.
  int freezes = 0;     ///< SIGSTOP: time goes on, nothing is handled, then everything at once.
  int wall_jumps = 0;  ///< Somebody sets the wall clock.
  /// Syncs that take seconds.
  unsigned slow_syncs = 0;
  /// The most that a clock runs fast or slow, in millionths.
  int drift_ppm = 0;

  // Work.
  unsigned node_faults = 0;
  unsigned job_faults = 0;
  /// Jobs that somebody stops.
  unsigned stops = 0;
  /// Jobs that somebody runs again, whether they have ended or not.
  unsigned reruns = 0;
  /// Jobs whose next version somebody hands in, whether they have ended or not.
  unsigned updates = 0;
  /// Looking at an offer takes longer than a node may, or ends with "not now".
  unsigned hard_assessments = 0;

  bool operator==(const Weather&) const = default;
};

/// One world to be simulated.
struct Scenario {
  std::uint64_t seed = 1;
  /// Nodes that run jobs.
  std::size_t nodes = 3;
  /// Nodes that take jobs in.
  std::size_t requesters = 1;
  /// So many of the requesters run jobs as well, and count among `nodes`.
  std::size_t both = 0;
  std::size_t jobs = 8;
  /// How long jobs come in and the weather lasts. Then everything is mended and must end.
  Duration trouble = std::chrono::minutes(2);
  Weather weather;

  bool operator==(const Scenario&) const = default;
};

/// What the command line, or what brings a planted bug out, fixes; the rest comes from the seed.
struct Fixed {
  std::optional<std::size_t> nodes;
  std::optional<std::size_t> requesters;
  std::optional<std::size_t> jobs;
  std::optional<Duration> trouble;
  /// Weather::jams.
  std::optional<unsigned> jams;
};

/// The scenario of a seed. Each kind of weather is there in about half of all seeds, and rarely all
/// of it at once: many mistakes show only where others do not hide them.
Scenario scenario_of(std::uint64_t seed, const Fixed& fixed);

}  // namespace skrei::sim
