// SPDX-License-Identifier: Apache-2.0
#include "sim/world.hpp"

#include <string>

#include <gtest/gtest.h>

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;

TEST(World, FairWeatherEndsEveryJobWithoutAStartTooMany) {
  Scenario scenario;
  scenario.seed = 7;
  World world(scenario, Chronicle::Keep::Hash);

  const Report report = world.run();

  EXPECT_FALSE(report.breach) << report.breach->sentence;
  EXPECT_EQ(report.jobs, scenario.jobs);
}

TEST(World, EverythingHoldsInBadWeather) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    World world(scenario_of(seed, {}), Chronicle::Keep::Hash);

    const Report report = world.run();

    ASSERT_FALSE(report.breach) << "seed " << seed << ": " << report.breach->sentence;
  }
}

TEST(World, ASeedHasOneHistory) {
  World first(scenario_of(5, {}), Chronicle::Keep::Hash);
  World second(scenario_of(5, {}), Chronicle::Keep::Lines);

  EXPECT_EQ(first.run().hash, second.run().hash);
}

TEST(World, TellsWhatLedToABreach) {
  World world(scenario_of(3, {}), Chronicle::Keep::Lines);
  world.run();
  Breach breach;
  breach.node = 0;

  const auto lines = world.events_behind(breach, 100);

  ASSERT_FALSE(lines.empty());
  EXPECT_NE(lines.front().find("process starts"), std::string::npos) << lines.front();
}

TEST(MachineClock, ShowsAnyTimeSoonAfterItIsAskedWhen) {
  for (const int drift : {-500, -1, 0, 1, 500}) {
    MachineClock clock({.drift_ppm = drift});
    clock.boot(3s);
    for (const Duration later : {Duration(0ns), Duration(1ns), Duration(30s), Duration(8760h)}) {
      const BootTime wanted = clock.boot_at(5s) + later;

      const WorldTime when = clock.when(wanted);

      EXPECT_GE(clock.boot_at(when), wanted);
      EXPECT_LT(clock.boot_at(when - 1us), wanted);
    }
  }
}

class DiskTest : public ::testing::Test {
 protected:
  static protocol::Batch batch(const char* id) {
    auto job = std::make_shared<model::Job>();
    job->id = JobId(id);
    return {protocol::PutJob{std::move(job)}};
  }

  Agenda agenda;
  Dice dice{1};
  Weather weather;
  std::string answers;
  Disk disk{agenda,
            dice,
            weather,
            {.synced = [](const protocol::Batch&) {},
             .answer =
                 [](Action answer) {
                   answer();
                 }}};
};

TEST_F(DiskTest, AnswersInOrderOnceTheRowsAreThere) {
  for (const char* id : {"a", "b", "c"}) {
    disk.commit(batch(id), [this, id] {
      EXPECT_TRUE(disk.tables().jobs.contains(JobId(id)));
      answers += id;
    });
  }
  EXPECT_EQ(answers, "");

  while (!agenda.empty())
    agenda.step();

  EXPECT_EQ(answers, "abc");
  EXPECT_EQ(disk.synced(), 3U);
}

TEST_F(DiskTest, ACrashKeepsAWholeGroupOrNothingAndAnswersNothing) {
  for (int round = 0; round < 50; ++round) {
    const std::string first = "j-" + std::to_string(2 * round);
    const std::string second = "j-" + std::to_string(2 * round + 1);
    disk.commit(batch(first.c_str()), [this] { answers += "!"; });
    disk.commit(batch(second.c_str()), [this] { answers += "!"; });

    disk.crash();

    // The first is being written; the second waits in the open group.
    EXPECT_FALSE(disk.tables().jobs.contains(JobId(second)));
  }
  while (!agenda.empty())
    agenda.step();

  EXPECT_EQ(answers, "");
  EXPECT_GT(disk.tables().jobs.size(), 0U);
  EXPECT_LT(disk.tables().jobs.size(), 50U);
}

}  // namespace
}  // namespace skrei::sim
