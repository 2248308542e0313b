// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/input_source.hpp"

namespace skrei::compute::testing {

/// Inputs that a test lays out by hand, by their parameters.
class FakeInputSource final : public storage::InputSource {
 public:
  std::map<std::string, storage::PreparedInput> inputs;
  storage::Locality locality{.local = true, .missing_bytes = 0};
  /// Within each prepare().
  std::function<void()> on_prepare;

  std::vector<std::string> prepared;  ///< Parameters, in the order of the calls.
  std::vector<ExecutionId> released;

  Result<void> validate(const model::SpecConfig& /*source*/) const override { return {}; }
  async::Task<Result<storage::Locality>> check(model::SpecConfig source) override {
    if (!inputs.contains(source.params)) co_return missing(source);
    co_return locality;
  }
  async::Task<Result<storage::PreparedInput>> prepare(storage::PrepareRequest request) override {
    prepared.push_back(request.source.params);
    if (on_prepare) on_prepare();
    const auto found = inputs.find(request.source.params);
    if (found == inputs.end()) co_return missing(request.source);
    co_return found->second;
  }
  async::Task<Result<void>> release(ExecutionId execution) override {
    released.push_back(execution);
    co_return Result<void>();
  }

 private:
  static std::unexpected<Error> missing(const model::SpecConfig& source) {
    return fail(Code::NotFound, "{} is not on this node and nobody has it", source.params);
  }
};

}  // namespace skrei::compute::testing
