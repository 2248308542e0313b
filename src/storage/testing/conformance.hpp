// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "storage/testing/storage_world.hpp"

namespace skrei::storage::testing {

/// A driver under test, in a world of its own.
struct SourceCase {
  std::string name;
  std::function<std::shared_ptr<InputSource>(StorageWorld&)> make;
  /// A source that holds one file with the bytes "conformance".
  std::function<model::SpecConfig(StorageWorld&)> good;
  /// Parameters of the right kind whose content is not to be had here.
  std::function<model::SpecConfig(StorageWorld&)> missing;
};

/// The contract of input_source.hpp as tests.
class InputSourceConformance : public ::testing::TestWithParam<SourceCase> {
 protected:
  void SetUp() override { driver_ = GetParam().make(world_); }

  StorageWorld world_;
  std::shared_ptr<InputSource> driver_;  // std::function wants something copyable.
};

/// Last argument of INSTANTIATE_TEST_SUITE_P.
std::string source_case_name(const ::testing::TestParamInfo<SourceCase>& info);

}  // namespace skrei::storage::testing
