// SPDX-License-Identifier: Apache-2.0
#include "content/testing/memory_store.hpp"

#include "content/testing/conformance.hpp"

namespace skrei::content::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, ContentStoreConformance,
                         ::testing::Values(StoreCase{"memory",
                                                     [] {
                                                       return std::make_shared<MemoryStore>();
                                                     }}),
                         store_case_name);

}  // namespace
}  // namespace skrei::content::testing
