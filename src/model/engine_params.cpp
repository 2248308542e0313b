// SPDX-License-Identifier: Apache-2.0
#include "model/engine_params.hpp"

#include "model/params_codec.hpp"

namespace skrei::model {
namespace {

constexpr std::string_view kWasm = "wasm";

}  // namespace

constexpr auto json_fields(const WasmParams*) {
  using json::Emit;
  return std::tuple{json::field("EntryModule", &WasmParams::entry_module),
                    json::field("Entrypoint", &WasmParams::entrypoint),
                    json::field("Parameters", &WasmParams::parameters, Emit::IfSet),
                    json::field("ImportModules", &WasmParams::import_modules, Emit::IfSet)};
}
static_assert(json::kCoversAllMembers<WasmParams>);

Result<WasmParams> wasm_params(const SpecConfig& engine) {
  TRY_ASSIGN(WasmParams params, decode_params<WasmParams>("engine", kWasm, engine));
  if (params.entry_module.empty()) {
    return fail(Code::InvalidArgument,
                "engine \"wasm\": EntryModule is missing; give the target of the input source that "
                "holds the module");
  }
  if (params.entrypoint.empty()) params.entrypoint = WasmParams().entrypoint;
  return params;
}

SpecConfig to_spec(const WasmParams& params) {
  return encode_params(kWasm, params);
}

}  // namespace skrei::model
