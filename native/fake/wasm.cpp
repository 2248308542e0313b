// SPDX-License-Identifier: Apache-2.0
#include "fake.hpp"
#include "skrei_wasm.h"

using skrei::native::fake::fail;
using skrei::native::fake::slice_of;

namespace {

SkreiStatus not_in_build(SkreiError* error) {
  return fail(error, SkreiStatus::NotInBuild,
              "the WASM engine is not part of this build; configure without SKREI_NATIVE_FAKE");
}

}  // namespace

extern "C" {

uint32_t skrei_native_abi_version() {
  return 1;
}

SkreiStatus skrei_native_panic_for_test(SkreiError* error) {
  return fail(error, SkreiStatus::Internal, "asked for by a test");
}

SkreiStatus skrei_wasm_engine_create(const SkreiWasmEngineConfig*, SkreiWasmEngine**,
                                     SkreiError* error) {
  return not_in_build(error);
}
void skrei_wasm_engine_destroy(SkreiWasmEngine*) {}
SkreiSlice skrei_wasm_engine_fingerprint(const SkreiWasmEngine*) {
  return slice_of("fake");
}
SkreiSlice skrei_wasm_fuel_schedule() {
  return slice_of("fake");
}
SkreiStatus skrei_wasm_warm_up(const SkreiWasmEngine*, SkreiError* error) {
  return not_in_build(error);
}
SkreiStatus skrei_wasm_compile(const SkreiWasmEngine*, SkreiSlice, SkreiWasmArtifact**,
                               SkreiError* error) {
  return not_in_build(error);
}
SkreiSlice skrei_wasm_artifact_bytes(const SkreiWasmArtifact*) {
  return {};
}
const SkreiWasmShape* skrei_wasm_artifact_shape(const SkreiWasmArtifact*) {
  return nullptr;
}
void skrei_wasm_artifact_destroy(SkreiWasmArtifact*) {}
SkreiStatus skrei_wasm_module_load(const SkreiWasmEngine*, SkreiSlice, SkreiWasmModule**,
                                   SkreiError* error) {
  return not_in_build(error);
}
SkreiStatus skrei_wasm_module_map(const SkreiWasmEngine*, int32_t, SkreiWasmModule**,
                                  SkreiError* error) {
  return not_in_build(error);
}
const SkreiWasmShape* skrei_wasm_module_shape(const SkreiWasmModule*) {
  return nullptr;
}
void skrei_wasm_module_destroy(SkreiWasmModule*) {}
SkreiStatus skrei_wasm_program_link(const SkreiWasmModule*, const SkreiWasmImportModule*, size_t,
                                    SkreiSlice, SkreiWasmProgram**, SkreiError* error) {
  return not_in_build(error);
}
void skrei_wasm_program_destroy(SkreiWasmProgram*) {}
SkreiStatus skrei_wasm_run_prepare(const SkreiWasmProgram*, const SkreiWasmRunConfig*,
                                   SkreiWasmRun**, SkreiError* error) {
  return not_in_build(error);
}
SkreiStatus skrei_wasm_run_start(SkreiWasmRun*, SkreiWasmOutcome*, SkreiError* error) {
  return not_in_build(error);
}
void skrei_wasm_run_destroy(SkreiWasmRun*) {}

}  // extern "C"
