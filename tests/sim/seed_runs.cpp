// SPDX-License-Identifier: Apache-2.0
#include "sim/seed_runs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.hpp"

namespace skrei::sim {
namespace {

/// As many broken seeds as one process tells of; there is no use in more.
constexpr std::size_t kBrokenMax = 1000;

/// What one process has done so far; in memory that it shares with its parent, which may read it
/// however the process ends.
struct Progress {
  std::uint64_t seed = 0;
  std::uint64_t worlds = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t jobs = 0;
  std::uint64_t starts = 0;
  std::int64_t simulated_ns = 0;
  std::uint64_t hash = 0;
  std::size_t broken = 0;
  BrokenSeed seeds[kBrokenMax];
};

void run_share(SeedRange seeds, std::uint64_t offset, std::uint64_t step, const Fixed& fixed,
               Progress& progress) {
  for (std::uint64_t seed = seeds.first + offset; seed <= seeds.last; seed += step) {
    progress.seed = seed;
    World world(scenario_of(seed, fixed), Chronicle::Keep::Hash);
    const Report report = world.run();
    ++progress.worlds;
    progress.events += report.events;
    progress.messages += report.messages;
    progress.jobs += report.jobs;
    progress.starts += report.starts;
    progress.simulated_ns += report.lasted.count();
    progress.hash += report.hash * (2 * seed + 1);
    if (report.breach && progress.broken < kBrokenMax) {
      progress.seeds[progress.broken++] = {seed, report.breach->invariant};
    }
  }
}

void add(Summary& summary, const Progress& progress) {
  summary.worlds += progress.worlds;
  summary.events += progress.events;
  summary.messages += progress.messages;
  summary.jobs += progress.jobs;
  summary.starts += progress.starts;
  summary.simulated += Duration(progress.simulated_ns);
  summary.hash += progress.hash;
  summary.broken.insert(summary.broken.end(), progress.seeds, progress.seeds + progress.broken);
}

}  // namespace

Summary run_seeds(SeedRange seeds, const Fixed& fixed, unsigned processes) {
  const std::size_t size = processes * sizeof(Progress);
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  SKREI_ASSERT(memory != MAP_FAILED);
  const std::span<Progress> shares(static_cast<Progress*>(memory), processes);
  std::vector<pid_t> children;
  for (unsigned process = 0; process < processes; ++process) {
    const pid_t child = ::fork();
    SKREI_ASSERT(child >= 0);
    if (child == 0) {
      run_share(seeds, process, processes, fixed, shares[process]);
      ::_exit(0);
    }
    children.push_back(child);
  }
  Summary summary;
  for (unsigned process = 0; process < processes; ++process) {
    int status = 0;
    while (::waitpid(children[process], &status, 0) < 0)
      SKREI_ASSERT(errno == EINTR);
    add(summary, shares[process]);
    const bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!well) summary.crashed.push_back(shares[process].seed);
  }
  std::ranges::sort(summary.broken, {}, &BrokenSeed::seed);
  ::munmap(memory, size);
  return summary;
}

}  // namespace skrei::sim
