// SPDX-License-Identifier: Apache-2.0
#include "native/wasm_run.hpp"

#include "native/native_error.hpp"
#include "skrei_wasm.h"

namespace skrei::native {

static_assert(std::to_underlying(WasmEnding::HostError) ==
              std::to_underlying(SkreiWasmEnding::HostError));
static_assert(std::to_underlying(WasmTrap::Other) == std::to_underlying(SkreiWasmTrap::Other));
static_assert(std::to_underlying(WasmAccess::ReadWrite) ==
              std::to_underlying(SkreiWasmAccess::ReadWrite));

void WasmRunDeleter::operator()(SkreiWasmProgram* program) const {
  skrei_wasm_program_destroy(program);
}
void WasmRunDeleter::operator()(SkreiWasmRun* run) const {
  skrei_wasm_run_destroy(run);
}

Result<WasmProgram> WasmProgram::link(const WasmModule& module, std::span<const WasmImport> imports,
                                      std::string_view entry) {
  std::vector<SkreiWasmImportModule> import_modules;
  for (const auto& import : imports) {
    if (import.module == nullptr) {
      return fail(Code::InvalidArgument, "import module \"{}\" is null", import.name);
    }
    import_modules.push_back({.name = to_slice(import.name), .module = import.module->get()});
  }
  SkreiWasmProgram* program = nullptr;
  TRY(call([&](SkreiError* error) {
    return skrei_wasm_program_link(module.get(), import_modules.data(), import_modules.size(),
                                   to_slice(entry), &program, error);
  }));
  return WasmProgram(program);
}

Result<WasmRun> WasmProgram::prepare(const WasmRunOptions& options) const {
  std::vector<SkreiSlice> args;
  for (const auto& arg : options.args)
    args.push_back(to_slice(arg));
  std::vector<SkreiWasmEnv> env;
  for (const auto& [name, value] : options.env)
    env.push_back({to_slice(name), to_slice(value)});
  std::vector<SkreiWasmDir> dirs;
  for (const auto& dir : options.dirs) {
    dirs.push_back({.guest_path = to_slice(dir.guest_path),
                    .fd = dir.fd,
                    .host_path = to_slice(dir.host_path.native()),
                    .access = std::to_underlying(dir.access)});
  }
  const SkreiWasmRunConfig config{
      .struct_size = sizeof(SkreiWasmRunConfig),
      .args = args.data(),
      .args_len = args.size(),
      .env = env.data(),
      .env_len = env.size(),
      .dirs = dirs.data(),
      .dirs_len = dirs.size(),
      .stdin_fd = options.stdin_fd,
      .stdout_fd = options.stdout_fd,
      .stderr_fd = options.stderr_fd,
      .memory_max_bytes = options.memory_max_bytes,
      .fuel_max = options.fuel_max,
      .table_elements_max = options.table_elements_max,
  };
  SkreiWasmRun* run = nullptr;
  TRY(call([&](SkreiError* error) {
    return skrei_wasm_run_prepare(handle_.get(), &config, &run, error);
  }));
  return WasmRun(run);
}

Result<WasmOutcome> WasmRun::start() {
  SkreiWasmOutcome outcome;
  TRY(call(
      [&](SkreiError* error) { return skrei_wasm_run_start(handle_.get(), &outcome, error); }));
  return WasmOutcome{
      .ending = static_cast<WasmEnding>(std::to_underlying(outcome.ending)),
      .trap = static_cast<WasmTrap>(std::to_underlying(outcome.trap)),
      .exit_code = outcome.exit_code,
      .memory_refused = outcome.memory_refused != 0,
      .memory_peak_bytes = outcome.memory_peak_bytes,
      .fuel_used = outcome.fuel_used,
      .text = std::string(as_chars({outcome.text, outcome.text_len})),
  };
}

}  // namespace skrei::native
