// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "base/testing/manual_clock.hpp"
#include "base/testing/temp_dir.hpp"
#include "jobstore/job_store.hpp"

namespace skrei::jobstore::testing {

/// What a driver hands to the suite: a way to make a store over a folder that is empty at first.
struct Driver {
  std::string name;
  std::function<std::unique_ptr<JobStore>(async::Loop&, const Clock&, const std::filesystem::path&)>
      open;
  /// Whether a store opened later over the same folder knows what was synced.
  bool durable = false;
};

/// Everything that JobStore promises, run on each driver:
/// `INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreConformance, Values(driver));`
class JobStoreConformance : public ::testing::TestWithParam<Driver> {
 protected:
  void SetUp() override { reopen(); }
  void TearDown() override { close(); }

  void close();
  void reopen();
  /// Runs a task of the store on the loop to its end.
  template <class T>
  T run(async::Task<T> task);
  /// Commits and waits until it is synced.
  void put(protocol::Batch batch);

  skrei::testing::TempDir folder_;
  skrei::testing::ManualClock clock_;
  async::Loop loop_;
  std::unique_ptr<JobStore> store_;
};

}  // namespace skrei::jobstore::testing
