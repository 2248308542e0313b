// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "executor/engine.hpp"

namespace skrei::compute::testing {

/// An engine that runs nothing: each program ends as `outcome` says, or, without it, when it is
/// cancelled. It can be told to fail, and remembers what it was asked.
class FakeEngine final : public executor::Engine {
 public:
  explicit FakeEngine(std::string name) : name_(std::move(name)) {}

  // What it does.
  std::optional<executor::Exit> outcome = executor::Exit{.kind = executor::ExitKind::Exited};
  std::optional<Error> check_error;
  std::optional<Error> start_error;
  std::optional<Error> output_error;
  std::string stdout_text;
  std::vector<executor::FoundExecution> found;
  /// Within each wait() for a program that runs.
  std::function<void()> on_wait;

  // What it was asked.
  std::map<ExecutionId, executor::ExecutionSpec> started;
  std::map<ExecutionId, std::string> cancelled;  ///< With the reason.
  std::vector<ExecutionId> released;

  std::string_view name() const override { return name_; }
  Result<void> check(const model::Task& /*task*/) const override {
    if (check_error) return fail(*check_error);
    return {};
  }
  async::Task<Result<std::vector<executor::FoundExecution>>> recover() override {
    for (const executor::FoundExecution& execution : found) {
      ends_[execution.id] = execution.state == executor::FoundState::Ended ? outcome : std::nullopt;
    }
    co_return found;
  }
  async::Task<Result<void>> start(executor::ExecutionSpec spec) override {
    if (start_error) co_return fail(*start_error);
    ends_[spec.id] = outcome;
    started[spec.id] = std::move(spec);
    co_return Result<void>();
  }
  async::Task<Result<executor::Exit>> wait(ExecutionId id) override {
    while (true) {
      const auto end = ends_.find(id);
      if (end == ends_.end()) co_return fail(Code::NotFound, "execution {} is not known", id);
      if (end->second) co_return *end->second;
      if (on_wait) {
        std::exchange(on_wait, nullptr)();
        continue;  // It may have ended by that.
      }
      CO_TRY(co_await ended_.wait(std::chrono::seconds(5)));
    }
  }
  async::Task<Result<void>> cancel(ExecutionId id, executor::CancelRequest request) override {
    const auto end = ends_.find(id);
    if (end == ends_.end()) co_return fail(Code::NotFound, "execution {} is not known", id);
    cancelled[id] = request.reason;
    if (!end->second) {
      end->second =
          executor::Exit{.kind = executor::ExitKind::Cancelled, .message = request.reason};
    }
    ended_.notify_all();
    co_return Result<void>();
  }
  async::Task<Result<void>> release(ExecutionId id) override {
    if (ends_.erase(id) != 0) released.push_back(id);
    co_return Result<void>();
  }
  async::Task<Result<executor::OutputChunk>> read_output(executor::OutputRequest request) override {
    if (output_error) co_return fail(*output_error);
    const std::string_view all =
        request.source == executor::OutputSource::Stdout ? stdout_text : std::string_view();
    const std::string_view piece =
        all.substr(std::min<std::size_t>(request.offset, all.size()), request.max_bytes);
    co_return executor::OutputChunk{.bytes = to_bytes(piece),
                                    .offset = request.offset,
                                    .dropped = {},
                                    .end_of_stream = request.offset + piece.size() == all.size()};
  }
  async::Task<Result<executor::OutputChunk>> follow_output(
      executor::OutputRequest request) override {
    co_return co_await read_output(std::move(request));
  }
  async::Task<void> stop() override { co_return; }

 private:
  std::string name_;
  std::map<ExecutionId, std::optional<executor::Exit>> ends_;  // Unset: it runs.
  async::WaitQueue ended_;
};

}  // namespace skrei::compute::testing
