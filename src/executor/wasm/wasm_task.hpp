// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "executor/engine.hpp"
#include "executor/wasm/supervisor_protocol.hpp"
#include "model/engine_params.hpp"

namespace skrei::executor::wasm {

/// What can be said of a task without its inputs: parameters, targets of its modules, no network,
/// no GPU.
Result<void> check_task(const model::Task& task);

/// The files of a program's modules, entry first, and the inputs that are left for the guest.
struct ModuleInputs {
  std::vector<std::filesystem::path> modules;
  /// Names under which the others are imported.
  std::vector<std::string> imports;
  std::vector<InputMount> others;
};

/// InvalidArgument names the module that no input provides.
Result<ModuleInputs> split_inputs(const model::WasmParams& params,
                                  const std::vector<InputMount>& inputs);

/// Changes with anything that a linked program consists of.
ProgramKey program_key(std::span<const Sha256Digest> modules, std::span<const std::string> imports,
                       std::string_view entrypoint);

}  // namespace skrei::executor::wasm
