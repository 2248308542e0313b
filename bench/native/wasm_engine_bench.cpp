// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "native/testing/wasm_modules.hpp"
#include "native/wasm_engine.hpp"
#include "native/wasm_run.hpp"

namespace skrei::native {
namespace {

void append_leb(Bytes& out, std::size_t value) {
  do {
    const auto more = value >= 0x80 ? 0x80 : 0;
    out.push_back(static_cast<std::uint8_t>((value & 0x7f) | more));
    value >>= 7;
  } while (value != 0);
}

void append_section(Bytes& out, std::uint8_t id, const Bytes& content) {
  out.push_back(id);
  append_leb(out, content.size());
  out.insert(out.end(), content.begin(), content.end());
}

/// A module of about `size_bytes`: functions of 200 bytes that store to memory, the first of which
/// is "_start".
Bytes module_of(std::size_t size_bytes) {
  const std::size_t count = size_bytes / 200;
  Bytes functions;
  append_leb(functions, count);
  functions.insert(functions.end(), count, 0);
  Bytes body = {0};  // no locals
  for (int i = 0; i < 22; ++i) {
    // i32.const 8; i32.const 1; i32.store offset=0 align=4; nop; nop
    body.insert(body.end(), {0x41, 8, 0x41, 1, 0x36, 2, 0, 0x01, 0x01});
  }
  body.push_back(0x0b);
  Bytes code;
  append_leb(code, count);
  for (std::size_t i = 0; i < count; ++i) {
    append_leb(code, body.size());
    code.insert(code.end(), body.begin(), body.end());
  }
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  append_section(out, 1, {1, 0x60, 0, 0});
  append_section(out, 3, functions);
  append_section(out, 5, {1, 0, 1});
  append_section(out, 7, {1, 6, '_', 's', 't', 'a', 'r', 't', 0, 0});
  append_section(out, 10, code);
  return out;
}

/// Context, store, instance and call of an empty command, as in a forked child but for the fork.
void PrepareAndRunEmpty(benchmark::State& state) {
  const auto engine = *WasmEngine::create();
  const auto artifact = *engine.compile(*from_hex(testing::kEmpty));
  const auto module = *engine.load(artifact.bytes());
  const auto program = *WasmProgram::link(module, {}, "");
  for (auto _ : state) {
    auto run = *program.prepare({});
    benchmark::DoNotOptimize(*run.start());
  }
}
BENCHMARK(PrepareAndRunEmpty);

void CompileModule(benchmark::State& state) {
  const auto engine = *WasmEngine::create();
  const auto wasm = module_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state)
    benchmark::DoNotOptimize(*engine.compile(wasm));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wasm.size()));
}
BENCHMARK(CompileModule)->Arg(1 << 20)->Unit(benchmark::kMillisecond);

void LoadArtifact(benchmark::State& state) {
  const auto engine = *WasmEngine::create();
  const auto artifact = *engine.compile(module_of(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state)
    benchmark::DoNotOptimize(*engine.load(artifact.bytes()));
  state.counters["artifact_bytes"] = static_cast<double>(artifact.bytes().size());
}
BENCHMARK(LoadArtifact)->Arg(1 << 20)->Unit(benchmark::kMicrosecond);

void LinkEmpty(benchmark::State& state) {
  const auto engine = *WasmEngine::create();
  const auto artifact = *engine.compile(*from_hex(testing::kEmpty));
  const auto module = *engine.load(artifact.bytes());
  for (auto _ : state)
    benchmark::DoNotOptimize(*WasmProgram::link(module, {}, ""));
}
BENCHMARK(LinkEmpty)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace skrei::native
