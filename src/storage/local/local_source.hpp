// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "async/blocking.hpp"
#include "model/storage_params.hpp"
#include "storage/input_source.hpp"
#include "storage/local/allow_list.hpp"

namespace skrei::storage::local {

/// Input source "localDirectory" (also "local"): a path of this machine that its owner allows. The
/// job sees the original, so it has no CID and nothing is copied. Paths that lead through a
/// symbolic link are refused: a link could lead out of what is allowed. size_bytes is a file's, and
/// 0 for a folder, which is not counted.
class LocalSource final : public InputSource {
 public:
  /// `home` is what "~/" stands for; empty: not allowed.
  LocalSource(AllowList allowed, std::filesystem::path home, async::BlockingPool& pool)
      : allowed_(std::move(allowed)), home_(std::move(home)), pool_(pool) {}

  Result<void> validate(const model::SpecConfig& source) const override;
  async::Task<Result<Locality>> check(model::SpecConfig source) override;
  async::Task<Result<PreparedInput>> prepare(PrepareRequest request) override;
  async::Task<Result<void>> release(ExecutionId execution) override;

 private:
  struct Target {
    std::filesystem::path path;
    Access access;
    model::CreateAs create_as;
  };
  Result<Target> target_of(const model::SpecConfig& source) const;

  AllowList allowed_;
  std::filesystem::path home_;
  async::BlockingPool& pool_;
};

}  // namespace skrei::storage::local
