// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/blocking.hpp"
#include "content/content_store.hpp"
#include "storage/input_source.hpp"
#include "storage/materialised_cache.hpp"

namespace skrei::storage::inline_data {

/// Input source "inline": a data URL within the job. A gzip'd tar becomes a folder, all else one
/// file. It is imported with profile unixfs-v1-2025, so it has a CID as any content, and is shared
/// and kept as an ipfs input is.
class InlineSource final : public InputSource {
 public:
  InlineSource(content::ContentStore& store, MaterialisedCache& cache, async::BlockingPool& pool)
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

}  // namespace skrei::storage::inline_data
