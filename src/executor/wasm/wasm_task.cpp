// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/wasm_task.hpp"

#include <algorithm>

#include "executor/record.hpp"
#include "model/resources.hpp"

namespace skrei::executor::wasm {
namespace {

Result<void> check_target(const model::Task& task, const std::string& target,
                          std::string_view parameter) {
  const auto& inputs = task.input_sources;
  if (std::ranges::find(inputs, target, &model::InputSource::target) != inputs.end()) return {};
  return fail(Code::InvalidArgument,
              "{} \"{}\": no input source has this target; add one that provides the module",
              parameter, target);
}

/// "/modules/easter.wasm" → "easter".
std::string import_name(const std::string& target) {
  const std::filesystem::path path(target);
  return path.extension() == ".wasm" ? path.stem().native() : path.filename().native();
}

}  // namespace

Result<void> check_task(const model::Task& task) {
  TRY_ASSIGN(const auto params, model::wasm_params(task.engine));
  TRY(check_target(task, params.entry_module, "EntryModule"));
  for (const std::string& target : params.import_modules)
    TRY(check_target(task, target, "ImportModules"));
  if (task.network.type != model::NetworkType::Default &&
      task.network.type != model::NetworkType::None) {
    return fail(Code::FailedPrecondition,
                "network {}: the engine \"wasm\" has no network; set it to None",
                model::to_string(task.network.type));
  }
  if (task.resources.gpu.empty()) return {};
  TRY_ASSIGN(const std::uint64_t gpus, model::parse_gpu(task.resources.gpu));
  if (gpus == 0) return {};
  return fail(Code::FailedPrecondition, "gpu {}: the engine \"wasm\" cannot use GPUs", gpus);
}

Result<ModuleInputs> split_inputs(const model::WasmParams& params,
                                  const std::vector<InputMount>& inputs) {
  ModuleInputs split;
  std::vector<std::string> targets{params.entry_module};
  targets.insert(targets.end(), params.import_modules.begin(), params.import_modules.end());
  for (const std::string& target : targets) {
    const auto found = std::ranges::find(inputs, target, &InputMount::target);
    if (found == inputs.end()) {
      return fail(Code::InvalidArgument, "module \"{}\": no input has this target", target);
    }
    split.modules.push_back(found->host_path);
  }
  for (const std::string& target : params.import_modules)
    split.imports.push_back(import_name(target));
  for (const InputMount& input : inputs) {
    if (std::ranges::find(targets, input.target) == targets.end()) split.others.push_back(input);
  }
  return split;
}

ProgramKey program_key(std::span<const Sha256Digest> modules, std::span<const std::string> imports,
                       std::string_view entrypoint) {
  RecordWriter parts;
  parts.text(entrypoint);
  for (const Sha256Digest& module : modules)
    parts.text(as_chars(module));
  for (const std::string& name : imports)
    parts.text(name);
  return sha256(parts.take());
}

}  // namespace skrei::executor::wasm
