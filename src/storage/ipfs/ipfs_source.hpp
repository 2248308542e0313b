// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/blocking.hpp"
#include "content/content_store.hpp"
#include "storage/input_source.hpp"
#include "storage/materialised_cache.hpp"

namespace skrei::storage::ipfs {

/// Input source "ipfs": content of the node's store, fetched if the store can, materialised once
/// per CID and shared read-only. The execution pins it while it is prepared.
class IpfsSource final : public InputSource {
 public:
  IpfsSource(content::ContentStore& store, MaterialisedCache& cache, async::BlockingPool& pool)
      : store_(store), cache_(cache), pool_(pool) {}

  Result<void> validate(const model::SpecConfig& source) const override;
  async::Task<Result<Locality>> check(model::SpecConfig source) override;
  async::Task<Result<PreparedInput>> prepare(PrepareRequest request) override;
  async::Task<Result<void>> release(ExecutionId execution) override;

 private:
  content::ContentStore& store_;
  MaterialisedCache& cache_;
  async::BlockingPool& pool_;
};

}  // namespace skrei::storage::ipfs
