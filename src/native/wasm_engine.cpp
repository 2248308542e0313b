// SPDX-License-Identifier: Apache-2.0
#include "native/wasm_engine.hpp"

#include <span>
#include <utility>

#include "native/native_error.hpp"
#include "skrei_wasm.h"

namespace skrei::native {

namespace {

std::vector<WasmExtern> to_externs(const SkreiWasmExtern* data, std::size_t size) {
  std::vector<WasmExtern> externs;
  for (const auto& item : std::span(data, size)) {
    externs.push_back({
        .module = std::string(to_text(item.module)),
        .name = std::string(to_text(item.name)),
        .kind = static_cast<WasmExternKind>(std::to_underlying(item.kind)),
        .signature = std::string(to_text(item.signature)),
    });
  }
  return externs;
}

WasmShape to_shape(const SkreiWasmShape* shape) {
  if (shape == nullptr) return {};
  return {
      .imports = to_externs(shape->imports, shape->imports_len),
      .exports = to_externs(shape->exports, shape->exports_len),
      .memory_min_bytes = shape->memory_min_bytes,
  };
}

}  // namespace

void WasmDeleter::operator()(SkreiWasmEngine* engine) const {
  skrei_wasm_engine_destroy(engine);
}
void WasmDeleter::operator()(SkreiWasmArtifact* artifact) const {
  skrei_wasm_artifact_destroy(artifact);
}
void WasmDeleter::operator()(SkreiWasmModule* module) const {
  skrei_wasm_module_destroy(module);
}

ByteView WasmArtifact::bytes() const {
  return to_view(skrei_wasm_artifact_bytes(handle_.get()));
}
WasmShape WasmArtifact::shape() const {
  return to_shape(skrei_wasm_artifact_shape(handle_.get()));
}
WasmShape WasmModule::shape() const {
  return to_shape(skrei_wasm_module_shape(handle_.get()));
}

Result<WasmEngine> WasmEngine::create(const WasmEngineOptions& options) {
  const SkreiWasmEngineConfig config{
      .struct_size = sizeof(SkreiWasmEngineConfig),
      .metering = options.metering == WasmEngineOptions::Metering::On ? 1u : 0u,
      .canonical_nans = options.nans == WasmEngineOptions::Nans::Canonical ? 1u : 0u,
  };
  SkreiWasmEngine* engine = nullptr;
  TRY(call([&](SkreiError* error) { return skrei_wasm_engine_create(&config, &engine, error); }));
  return WasmEngine(engine);
}

std::string_view WasmEngine::fingerprint() const {
  return to_text(skrei_wasm_engine_fingerprint(handle_.get()));
}

Result<WasmArtifact> WasmEngine::compile(ByteView wasm) const {
  SkreiWasmArtifact* artifact = nullptr;
  TRY(call([&](SkreiError* error) {
    return skrei_wasm_compile(handle_.get(), to_slice(wasm), &artifact, error);
  }));
  return WasmArtifact(artifact);
}

Result<void> WasmEngine::warm_up() const {
  return call([&](SkreiError* error) { return skrei_wasm_warm_up(handle_.get(), error); });
}

Result<WasmModule> WasmEngine::load(ByteView artifact) const {
  SkreiWasmModule* module = nullptr;
  TRY(call([&](SkreiError* error) {
    return skrei_wasm_module_load(handle_.get(), to_slice(artifact), &module, error);
  }));
  return WasmModule(module);
}

Result<WasmModule> WasmEngine::map(int fd) const {
  SkreiWasmModule* module = nullptr;
  TRY(call(
      [&](SkreiError* error) { return skrei_wasm_module_map(handle_.get(), fd, &module, error); }));
  return WasmModule(module);
}

std::string_view wasm_fuel_schedule() {
  return to_text(skrei_wasm_fuel_schedule());
}

}  // namespace skrei::native
