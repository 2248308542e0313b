// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/program_cache.hpp"

#include <algorithm>

#include <sys/stat.h>

namespace skrei::executor::wasm {

Result<void> ProgramCache::load(const LoadProgram& load, std::span<const UniqueFd> artifacts) {
  if (find(load.key)) return {};
  std::vector<native::WasmModule> modules;
  std::uint64_t bytes = 0;
  for (const UniqueFd& artifact : artifacts) {
    struct stat info{};
    if (::fstat(artifact.get(), &info) != 0) return fail_errno("compiled module");
    bytes += static_cast<std::uint64_t>(info.st_size);
    TRY_ASSIGN(auto module, engine_.map(artifact.get()));
    modules.push_back(std::move(module));
  }
  std::vector<native::WasmImport> imports;
  for (std::size_t i = 0; i < load.imports.size(); ++i)
    imports.push_back({load.imports[i], &modules[i + 1]});
  TRY_ASSIGN(auto program, native::WasmProgram::link(modules.front(), imports, load.entrypoint));
  make_room(bytes);
  entries_.push_front({load.key, std::move(program), bytes});
  bytes_ += bytes;
  return {};
}

const native::WasmProgram* ProgramCache::find(const ProgramKey& key) {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return &entries_.front().program;
}

void ProgramCache::make_room(std::uint64_t bytes) {
  while (!entries_.empty() &&
         (entries_.size() >= options_.programs_max || bytes_ + bytes > options_.bytes_max)) {
    bytes_ -= entries_.back().bytes;
    entries_.pop_back();
  }
}

}  // namespace skrei::executor::wasm
