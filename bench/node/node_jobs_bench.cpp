// SPDX-License-Identifier: Apache-2.0
// Jobs through a whole node, over its API: `queued` jobs are handed in on up to 64 connections, and
// the clock stops when the last one has ended. The program does nothing; its module is compiled
// before the clock runs. Node, client and supervisor share the machine. `paths` says whether the
// job names a result path and a publisher.
#include <string_view>

#include <benchmark/benchmark.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "executor/wasm/compile_child.hpp"
#include "executor/wasm/supervisor.hpp"
#include "http/client.hpp"
#include "json/json.hpp"
#include "node/node.hpp"

namespace {

using namespace skrei;

constexpr int kConnectionsMax = 64;

class Bench {
 public:
  explicit Bench(bool with_paths) {
    loop_.run_task(start());
    module_ = read_file(SKREI_TEST_MODULES_DIR "/noop.wasm", 16 << 20).value();
    loop_.run_task(make_request(with_paths));
    run(1);
  }
  ~Bench() { loop_.run_task(end()); }

  /// Gives the time until the last job was taken.
  Duration run(int count) {
    ids_.clear();
    left_ = count;
    loop_.run_task(all(std::min(count, kConnectionsMax)));
    return submitted_;
  }

 private:
  async::Task<void> start() {
    config::Sources sources;
    sources.assignments = {"API.Port=0", "DataDir=" + (folder_.path() / "data").native()};
    const auto config = config::Config::load(sources).value();
    auto settings = config::node_settings(config, folder_.path()).value();
    node_ = (co_await node::Node::start(
                 loop_, {.settings = settings, .lifetime = node::Lifetime::Throwaway}))
                .value();
  }
  async::Task<void> end() {
    co_await node_->stop(Duration(0));
    node_.reset();
  }

  async::Task<json::Value> call(std::string method, std::string target, std::string body = "") {
    http::ClientRequest request{.method = std::move(method), .body = std::move(body)};
    request.url =
        http::Url::parse(fmt::format("http://127.0.0.1:{}{}", node_->api_port(), target)).value();
    auto response = (co_await client_.send(std::move(request))).value();
    const std::string text = (co_await response.read_body(10 << 20)).value();
    if (response.status() != 200) throw std::runtime_error(text);
    co_return json::parse(text).value();
  }

  async::Task<void> make_request(bool with_paths) {
    const auto added =
        co_await call("POST", "/api/v1/content?format=raw", std::string(as_chars(module_)));
    json::Value task = {{"Name", "main"},
                        {"Engine", {{"Type", "wasm"}, {"Params", {{"EntryModule", "/main.wasm"}}}}},
                        {"InputSources",
                         {{{"Source", {{"Type", "ipfs"}, {"Params", {{"CID", added["CID"]}}}}},
                           {"Target", "/main.wasm"}}}}};
    if (with_paths) {
      task["Publisher"] = {{"Type", "ipfs"}};
      task["ResultPaths"] = {{{"Name", "outputs"}, {"Path", "/outputs"}}};
    }
    const json::Value request = {
        {"Job", {{"Type", "batch"}, {"Count", 1}, {"Tasks", json::Value::array({task})}}}};
    request_ = json::dump(request);
  }

  async::Task<void> submit() {
    while (left_-- > 0) {
      const auto answer = co_await call("PUT", "/api/v1/orchestrator/jobs", request_);
      ids_.push_back(answer["JobID"].get<std::string>());
    }
  }

  async::Task<void> all(int connections) {
    const auto begin = std::chrono::steady_clock::now();
    async::TaskScope scope(loop_);
    for (int i = 0; i < connections; ++i)
      scope.spawn("submit", submit());
    co_await scope.join();
    submitted_ = std::chrono::steady_clock::now() - begin;
    const Duration pause =
        ids_.size() == 1 ? std::chrono::microseconds(500) : std::chrono::microseconds(5000);
    for (const std::string& id : ids_) {
      while (true) {
        const auto job = co_await call("GET", "/api/v1/orchestrator/jobs/" + id);
        const std::string state = job["Job"]["State"]["StateType"];
        if (state == "Completed") break;
        if (state == "Failed" || state == "Stopped") throw std::runtime_error(json::dump(job));
        (void)co_await async::sleep_for(pause);
      }
    }
  }

  testing::TempDir folder_;
  async::Loop loop_;
  std::unique_ptr<node::Node> node_;
  http::Client client_{loop_, {.pool_per_origin = kConnectionsMax}};
  Bytes module_;
  std::string request_;
  std::vector<std::string> ids_;
  int left_ = 0;
  Duration submitted_{};
};

void node_jobs(benchmark::State& state) {
  Bench bench(state.range(1) != 0);
  const int count = static_cast<int>(state.range(0));
  Duration submitted{};
  for (auto _ : state)
    submitted += bench.run(count);
  const double jobs = static_cast<double>(state.iterations()) * count;
  state.SetItemsProcessed(state.iterations() * count);
  state.counters["submitted/s"] = jobs / std::chrono::duration<double>(submitted).count();
}
BENCHMARK(node_jobs)
    ->ArgNames({"queued", "paths"})
    ->ArgsProduct({{1, 8, 64, 1000}, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

// Supervisor and compile children are this very program.
int main(int argc, char** argv) {
  namespace wasm = executor::wasm;
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == wasm::kSupervisorCommand) return wasm::run_supervisor(argc, argv);
  if (command == wasm::kCompileChildCommand) return wasm::run_compile_child(argc, argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
