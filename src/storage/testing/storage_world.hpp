// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "base/testing/temp_dir.hpp"
#include "content/testing/memory_store.hpp"
#include "storage/input_source.hpp"
#include "storage/materialised_cache.hpp"

namespace skrei::storage::testing {

/// What a driver needs around it: a loop, a pool, a store in memory, a cache in a folder of its
/// own.
struct StorageWorld {
  explicit StorageWorld(std::uint64_t cache_bytes_max = 1 << 20);
  ~StorageWorld();

  /// Runs one task of a driver to its end.
  template <class T>
  T run(async::Task<T> task) {
    std::optional<T> result;
    const auto body = [](async::Task<T> inner, std::optional<T>& out) -> async::Task<void> {
      out.emplace(co_await std::move(inner));
    };
    loop.run_task(body(std::move(task), result));
    return *std::move(result);
  }

  Result<PreparedInput> prepare(InputSource& driver, const model::SpecConfig& source,
                                std::string execution = "e-1", std::uint64_t bytes_max = 1 << 20);

  ::skrei::testing::TempDir dir;
  async::Loop loop;
  async::BlockingPool pool{{.threads = 2}};
  content::testing::MemoryStore store;
  std::unique_ptr<MaterialisedCache> cache;
};

}  // namespace skrei::storage::testing
