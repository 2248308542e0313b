// SPDX-License-Identifier: Apache-2.0
#include "jobstore/memory/memory_job_store.hpp"

#include "jobstore/testing/job_store_conformance.hpp"

namespace skrei::jobstore::testing {
namespace {

std::unique_ptr<JobStore> open(async::Loop& loop, const Clock& clock,
                               const std::filesystem::path& /*folder*/) {
  return std::make_unique<memory::MemoryJobStore>(loop, clock);
}

INSTANTIATE_TEST_SUITE_P(Memory, JobStoreConformance, ::testing::Values(Driver{"memory", open}));

}  // namespace
}  // namespace skrei::jobstore::testing
