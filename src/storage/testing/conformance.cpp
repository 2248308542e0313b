// SPDX-License-Identifier: Apache-2.0
#include "storage/testing/conformance.hpp"

#include "base/fd.hpp"

namespace skrei::storage::testing {

std::string source_case_name(const ::testing::TestParamInfo<SourceCase>& info) {
  return info.param.name;
}

TEST_P(InputSourceConformance, PreparesWhatItSaidIsLocal) {
  const model::SpecConfig source = GetParam().good(world_);
  ASSERT_TRUE(driver_->validate(source));

  EXPECT_EQ(world_.run(driver_->check(source)), (Locality{true, 0}));
  const auto prepared = world_.prepare(*driver_, source);

  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_TRUE(prepared->host_path.is_absolute());
  EXPECT_EQ(prepared->access, Access::ReadOnly);
  EXPECT_EQ(prepared->size_bytes, 11U);
  EXPECT_EQ(as_chars(read_file(prepared->host_path, 100).value()), "conformance");
}

TEST_P(InputSourceConformance, PrepareIsIdempotentAndSharedBetweenExecutions) {
  const model::SpecConfig source = GetParam().good(world_);

  const auto first = world_.prepare(*driver_, source, "e-1");
  const auto again = world_.prepare(*driver_, source, "e-1");
  const auto other = world_.prepare(*driver_, source, "e-2");

  ASSERT_TRUE(first && again && other);
  EXPECT_EQ(first->host_path, again->host_path);
  EXPECT_EQ(first->host_path, other->host_path);
  EXPECT_TRUE(world_.run(driver_->release(ExecutionId("e-1"))));
  EXPECT_EQ(as_chars(read_file(other->host_path, 100).value()), "conformance");
}

TEST_P(InputSourceConformance, ReleaseIsRightAtAnyTime) {
  EXPECT_TRUE(world_.run(driver_->release(ExecutionId("e-none"))));
  ASSERT_TRUE(world_.prepare(*driver_, GetParam().good(world_)));
  EXPECT_TRUE(world_.run(driver_->release(ExecutionId("e-1"))));
  EXPECT_TRUE(world_.run(driver_->release(ExecutionId("e-1"))));
  EXPECT_TRUE(world_.prepare(*driver_, GetParam().good(world_)));
}

TEST_P(InputSourceConformance, RefusesParametersOfAnotherKind) {
  const model::SpecConfig wrong{"other", "{}"};

  EXPECT_EQ(driver_->validate(wrong).error().code, Code::InvalidArgument);
  EXPECT_EQ(world_.run(driver_->check(wrong)).error().code, Code::InvalidArgument);
  EXPECT_EQ(world_.prepare(*driver_, wrong).error().code, Code::InvalidArgument);
}

TEST_P(InputSourceConformance, WhatIsNotHereIsNotLocalAndNotFound) {
  if (!GetParam().missing) return;  // An inline input is always here.
  const model::SpecConfig source = GetParam().missing(world_);

  EXPECT_EQ(world_.run(driver_->check(source)).value().local, false);
  EXPECT_EQ(world_.prepare(*driver_, source).error().code, Code::NotFound);
}

}  // namespace skrei::storage::testing
