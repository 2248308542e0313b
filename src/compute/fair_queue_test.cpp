// SPDX-License-Identifier: Apache-2.0
#include "compute/fair_queue.hpp"

#include <gtest/gtest.h>

namespace skrei::compute {
namespace {

model::Resources cpus(std::uint64_t millis) {
  model::Resources resources;
  resources.cpu_millis = millis;
  return resources;
}

const NodeId kAnna("n-anna");
const NodeId kBob("n-bob");

TEST(FairQueue, SmallestShareGoesFirstThenPriorityThenAge) {
  FairQueue queue(cpus(4000));
  queue.add_use(kAnna, cpus(2000));
  queue.push({ExecutionId("anna-1"), kAnna, 9, cpus(1000)});
  queue.push({ExecutionId("bob-low"), kBob, 0, cpus(1000)});
  queue.push({ExecutionId("bob-high"), kBob, 5, cpus(1000)});
  queue.push({ExecutionId("bob-high-later"), kBob, 5, cpus(1000)});

  EXPECT_EQ(queue.front(), ExecutionId("bob-high"));
  queue.erase(ExecutionId("bob-high"));
  EXPECT_EQ(queue.front(), ExecutionId("bob-high-later"));
  queue.add_use(kBob, cpus(3000));
  EXPECT_EQ(queue.front(), ExecutionId("anna-1"));
  queue.remove_use(kBob, cpus(3000));
  EXPECT_EQ(queue.front(), ExecutionId("bob-high-later"));
}

TEST(FairQueue, CountsWhatWaits) {
  FairQueue queue(cpus(4000));
  queue.push({ExecutionId("1"), kAnna, 0, cpus(1000)});
  queue.push({ExecutionId("2"), kBob, 0, cpus(500)});

  EXPECT_EQ(queue.waiting(), cpus(1500));
  EXPECT_EQ(queue.size(), 2U);
  queue.erase(ExecutionId("1"));
  queue.erase(ExecutionId("2"));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.waiting().is_zero());
  EXPECT_EQ(queue.front(), std::nullopt);
}

}  // namespace
}  // namespace skrei::compute
