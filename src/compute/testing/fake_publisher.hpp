// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "publisher/publisher.hpp"

namespace skrei::compute::testing {

/// Publishes nothing; remembers what it was given, and fails when told.
class FakePublisher final : public publisher::Publisher {
 public:
  std::optional<Error> error;
  std::vector<publisher::PublishRequest> requests;
  /// What stood in the stdout files of `requests` while they were published.
  std::vector<std::string> stdout_texts;

  Result<void> validate(const model::SpecConfig& /*publisher*/) const override {
    if (error) return fail(*error);
    return {};
  }
  async::Task<Result<model::SpecConfig>> publish(publisher::PublishRequest request) override {
    CO_TRY_ASSIGN(const Bytes text, read_file(request.stdout_file, 1 << 20));
    stdout_texts.emplace_back(as_chars(text));
    requests.push_back(std::move(request));
    if (error) co_return fail(*error);
    co_return model::SpecConfig{.type = "fake", .params = R"({"CID":"result"})"};
  }
  async::Task<Result<void>> withdraw(std::vector<JobId> /*jobs*/) override {
    co_return Result<void>();
  }
};

}  // namespace skrei::compute::testing
