// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/job.hpp"

namespace skrei::model {

/// Parameters of the engine "wasm".
struct WasmParams {
  /// Target of the input source that holds the module; required.
  std::string entry_module;
  /// Exported function that is called.
  std::string entrypoint = "_start";
  /// Arguments of the program, without its name.
  std::vector<std::string> parameters;
  /// Targets of input sources that hold modules to link.
  std::vector<std::string> import_modules;

  bool operator==(const WasmParams&) const = default;
};

/// InvalidArgument if the kind is another, a required parameter is missing, or one is unknown (the
/// message names the nearest right one).
Result<WasmParams> wasm_params(const SpecConfig& engine);
SpecConfig to_spec(const WasmParams& params);

}  // namespace skrei::model
