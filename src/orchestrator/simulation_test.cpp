// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/testing/simulation.hpp"

#include <gtest/gtest.h>

#include "protocol/execution_machine.hpp"

namespace skrei::orchestrator {
namespace {

using testing::Weather;
using testing::World;

constexpr Duration kLimit = std::chrono::hours(2);

/// What must hold at the end of every history, whatever the weather was.
void expect_well_ended(const World& world) {
  EXPECT_EQ(world.breaches, std::vector<std::string>{});
  for (const JobId& id : world.acknowledged) {
    ASSERT_TRUE(world.jobs.contains(id)) << id.str() << " was acknowledged and is lost";
  }
  for (const auto& [id, job] : world.jobs) {
    EXPECT_TRUE(model::is_terminal(job.state.state_type)) << id.str() << " has not ended";
    std::map<int, int> results;
    std::set<int> partitions;
    for (const auto& [execution_id, execution] : world.executions) {
      if (execution.job_id != id) continue;
      partitions.insert(execution.partition_index);
      const auto phase = protocol::phase_of(execution.compute_state);
      EXPECT_FALSE(protocol::holds_lease(phase)) << execution_id.str() << " outlives its job";
      if (phase == protocol::ExecutionPhase::Completed) ++results[execution.partition_index];
    }
    for (const auto& [partition, count] : results)
      EXPECT_EQ(count, 1) << id.str();
    if (job.state.state_type == model::JobStateType::Completed) {
      const bool ops = job.type == model::JobType::Ops;
      EXPECT_EQ(results.size(), ops ? partitions.size() : static_cast<std::size_t>(job.count))
          << id.str();
    }
  }
  EXPECT_EQ(world.held(), 0U) << "something is remembered of what has ended";
}

TEST(Simulation, FairWeatherCompletesEveryJobWithOneStartPerPartition) {
  World world({.seed = 7,
               .lost = 0,
               .doubled = 0,
               .crashes = 0,
               .cuts = 0,
               .node_faults = 0,
               .job_faults = 0,
               .ops = 0,
               .stops = 0});

  world.run(kLimit);

  expect_well_ended(world);
  std::size_t partitions = 0;
  for (const auto& [id, job] : world.jobs) {
    EXPECT_EQ(job.state.state_type, model::JobStateType::Completed);
    partitions += static_cast<std::size_t>(job.count);
  }
  EXPECT_EQ(world.starts, partitions);
}

TEST(Simulation, RoughWeatherOnOrderedConnections) {
  for (std::uint64_t seed = 1; seed <= 70; ++seed) {
    SCOPED_TRACE(seed);
    World world({.seed = seed, .compute_nodes = 1 + static_cast<int>(seed % 3)});

    world.run(kLimit);

    expect_well_ended(world);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, RoughWeatherWithMessagesOvertaking) {
  for (std::uint64_t seed = 1001; seed <= 1070; ++seed) {
    SCOPED_TRACE(seed);
    World world({.seed = seed,
                 .compute_nodes = 1 + static_cast<int>(seed % 3),
                 .lost = 100,
                 .doubled = 100,
                 .reordered = true});

    world.run(kLimit);

    expect_well_ended(world);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, OneSeedIsOneHistory) {
  World first({.seed = 42});
  World second({.seed = 42});

  first.run(kLimit);
  second.run(kLimit);

  EXPECT_EQ(first.jobs, second.jobs);
  EXPECT_EQ(first.executions, second.executions);
  EXPECT_EQ(first.messages, second.messages);
}

}  // namespace
}  // namespace skrei::orchestrator
