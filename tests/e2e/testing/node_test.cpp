// SPDX-License-Identifier: Apache-2.0
#include "testing/node_test.hpp"

#include "async/sleep.hpp"

namespace skrei::e2e {
namespace {

async::Task<Result<void>> program_runs(ApiCalls& api, std::string id) {
  constexpr int kRunning = 6;
  for (int i = 0; i < 1500; ++i) {
    CO_TRY_ASSIGN(const auto executions, co_await api.executions(id));
    for (const json::Value& execution : executions) {
      if (execution["ComputeState"]["StateType"] == kRunning) co_return Result<void>();
    }
    CO_TRY(co_await async::sleep_for(std::chrono::milliseconds(10)));
  }
  co_return fail(Code::DeadlineExceeded, "no program of job {} runs", id);
}

}  // namespace

void NodeTest::wait_running(const std::string& id) {
  const Result<void> running = runner_.run(program_runs(api_, id));
  if (!running) ADD_FAILURE() << running.error().message;
}

}  // namespace skrei::e2e
