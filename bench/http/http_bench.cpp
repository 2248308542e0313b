// SPDX-License-Identifier: Apache-2.0
// GET answering {} over loopback, client and server on one loop: requests a second of both sides
// together, with N connections that each wait for their answer.

#include <string>

#include <benchmark/benchmark.h>

#include "async/loop.hpp"
#include "async/scope.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

namespace {

using namespace skrei;

async::Task<Result<http::Response>> answer(http::Request) {
  co_return http::Response::json("{}");
}

async::Task<void> ask(http::Client& client, const http::Url& url, std::size_t times,
                      std::size_t& failures) {
  for (std::size_t i = 0; i < times; ++i) {
    auto response = co_await client.send({.url = url});
    if (!response || !co_await response->read_body(100)) ++failures;
  }
}

void BM_Get(benchmark::State& state) {
  constexpr std::size_t kBatch = 512;
  const auto connections = static_cast<std::size_t>(state.range(0));
  async::Loop loop;
  http::Server server(loop);
  server.route("GET", "/", answer);
  const auto port = server.listen("127.0.0.1", 0);
  http::Client client(loop, {.pool_per_origin = connections});
  const auto url = http::Url::parse(fmt::format("http://127.0.0.1:{}/", port.value()));
  std::size_t failures = 0;
  for (auto _ : state) {
    async::TaskScope scope(loop);
    for (std::size_t i = 0; i < connections; ++i)
      scope.spawn("ask", ask(client, *url, kBatch / connections, failures));
    loop.run_task(scope.join());
  }
  if (failures > 0) state.SkipWithError("a request failed");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
  loop.run_task(server.stop(std::chrono::seconds(1)));
}
BENCHMARK(BM_Get)->Arg(1)->Arg(64)->UseRealTime();

}  // namespace
