// SPDX-License-Identifier: Apache-2.0
#include "storage/testing/storage_world.hpp"

namespace skrei::storage::testing {

StorageWorld::StorageWorld(std::uint64_t cache_bytes_max)
    : cache(MaterialisedCache::open({dir.path() / "materialised", cache_bytes_max}, store, pool)
                .value()) {}

StorageWorld::~StorageWorld() {
  pool.stop();
}

Result<PreparedInput> StorageWorld::prepare(InputSource& driver, const model::SpecConfig& source,
                                            std::string execution, std::uint64_t bytes_max) {
  return run(driver.prepare({.execution = ExecutionId(std::move(execution)),
                             .source = source,
                             .bytes_max = bytes_max,
                             .limit = std::chrono::seconds(5)}));
}

}  // namespace skrei::storage::testing
