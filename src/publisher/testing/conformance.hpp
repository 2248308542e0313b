// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "base/testing/temp_dir.hpp"
#include "content/testing/memory_store.hpp"
#include "publisher/publisher.hpp"

namespace skrei::publisher::testing {

/// What a driver needs around it, and the output of an execution: stdout "out\n", empty stderr,
/// exit code 3, folder "outputs" with `a` ("A") and `.hidden`.
struct PublisherWorld {
  PublisherWorld();
  ~PublisherWorld();

  PublishRequest request(model::SpecConfig publisher) const;
  Result<model::SpecConfig> publish(Publisher& driver, PublishRequest request);
  Result<void> withdraw(Publisher& driver, JobId job);

  ::skrei::testing::TempDir dir;
  async::Loop loop;
  async::BlockingPool pool{{.threads = 1}};
  content::testing::MemoryStore store;
};

struct PublisherCase {
  std::string name;
  model::SpecConfig spec;
  std::function<std::shared_ptr<Publisher>(PublisherWorld&)> make;
};

/// The contract of publisher.hpp as tests.
class PublisherConformance : public ::testing::TestWithParam<PublisherCase> {
 protected:
  void SetUp() override { driver_ = GetParam().make(world_); }

  PublisherWorld world_;
  std::shared_ptr<Publisher> driver_;  // std::function wants something copyable.
};

std::string publisher_case_name(const ::testing::TestParamInfo<PublisherCase>& info);

}  // namespace skrei::publisher::testing
