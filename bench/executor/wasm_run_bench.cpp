// SPDX-License-Identifier: Apache-2.0
// Executions through the WASM driver, from start() to the Exit: one at a time, and with 2 and 8 in
// flight. The program does nothing; its module is compiled before the clock runs.
#include <string_view>

#include <benchmark/benchmark.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/testing/temp_dir.hpp"
#include "executor/wasm/compile_child.hpp"
#include "executor/wasm/supervisor.hpp"
#include "executor/wasm/walls_support.hpp"
#include "executor/wasm/wasm_executor.hpp"

namespace {

using namespace skrei;
using namespace skrei::executor;

/// An engine in a folder of its own, and its supervisor.
class Bench {
 public:
  Bench() {
    std::filesystem::create_directory(folder_.path() / "executions");
    wasm::WasmExecutor::Options options{
        .executions = folder_.path() / "executions",
        .folder = folder_.path() / "wasm",
        .walls = wasm::choose_level(wasm::probe_walls(), wasm::WeakSandbox::Allow).value(),
        .orphan_limit = std::chrono::seconds(20)};
    engine_ = wasm::WasmExecutor::open(loop_, pool_, clock_, random_, options).value();
    run(1, 1);
  }
  ~Bench() {
    loop_.run_task(end());
    engine_.reset();
  }

  /// Runs `count` executions, `in_flight` at any time.
  void run(int count, int in_flight) {
    async::TaskScope scope(loop_);
    left_ = count;
    for (int i = 0; i < in_flight; ++i)
      scope.spawn("worker", work());
    loop_.run_task(scope.join());
  }

 private:
  async::Task<void> work() {
    while (left_-- > 0) {
      ExecutionSpec spec{.id = ExecutionId(fmt::format("e-{}", ++ids_)), .engine = params_};
      spec.inputs = {{.host_path = SKREI_TEST_MODULES_DIR "/noop.wasm", .target = "/app.wasm"}};
      const ExecutionId id = spec.id;
      const auto started = co_await engine_->start(std::move(spec));
      const auto exit = co_await engine_->wait(id);
      const auto released = co_await engine_->release(id);
      if (!started || !exit || exit->kind != ExitKind::Exited || !released) std::abort();
      std::filesystem::remove_all(folder_.path() / "executions" / id.str());
    }
  }
  async::Task<void> end() {
    if (!co_await engine_->shut_down()) std::abort();
    co_await engine_->stop();
  }

  testing::TempDir folder_;
  async::Loop loop_;
  async::BlockingPool pool_{{.threads = 2, .queue_limit = 1024}};
  SystemClock clock_;
  SystemRandom random_;
  model::SpecConfig params_ = model::to_spec(model::WasmParams{.entry_module = "/app.wasm"});
  std::unique_ptr<wasm::WasmExecutor> engine_;
  int left_ = 0;
  int ids_ = 0;
};

void wasm_executions(benchmark::State& state) {
  constexpr int kBatch = 64;
  Bench bench;
  for (auto _ : state)
    bench.run(kBatch, static_cast<int>(state.range(0)));
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(wasm_executions)
    ->ArgName("in_flight")
    ->Arg(1)
    ->Arg(2)
    ->Arg(8)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

// Supervisor and compile children are this very program.
int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == wasm::kSupervisorCommand) return wasm::run_supervisor(argc, argv);
  if (command == wasm::kCompileChildCommand) return wasm::run_compile_child(argc, argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
