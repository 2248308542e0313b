// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "content/content_store.hpp"

namespace skrei::content::testing {

/// A kind of content store under test. `make` gives an empty one; it is called once a test.
struct StoreCase {
  std::string name;
  std::function<std::shared_ptr<ContentStore>()> make;
};

/// The contract of content_store.hpp as tests:
///   INSTANTIATE_TEST_SUITE_P(Memory, ContentStoreConformance, ::testing::Values(…),
///   store_case_name);
class ContentStoreConformance : public ::testing::TestWithParam<StoreCase> {
 protected:
  void SetUp() override { store_ = GetParam().make(); }

  /// Runs ensure() on the loop.
  Result<void> ensure(const multi::Cid& root);

  async::Loop loop_;  // Outlives the store and the pool behind it, whose answers it takes.
  std::shared_ptr<ContentStore> store_;  // Shared with nothing; std::function wants copyable.
};

/// Last argument of INSTANTIATE_TEST_SUITE_P.
std::string store_case_name(const ::testing::TestParamInfo<StoreCase>& info);

multi::Cid raw_cid(std::string_view text);

/// One whole collection. An error, or one that does not end, fails the test.
CollectStep collect_all(ContentStore& store, WallTime now = WallTime{});

}  // namespace skrei::content::testing
