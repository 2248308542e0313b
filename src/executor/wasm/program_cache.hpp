// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <span>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "executor/wasm/supervisor_protocol.hpp"
#include "native/wasm_run.hpp"

namespace skrei::executor::wasm {

/// Programs that are mapped and linked, ready for children to run: the least recently used ones go
/// when there are too many. One thread.
class ProgramCache {
 public:
  struct Options {
    std::size_t programs_max = 64;
    /// Bytes of artifacts.
    std::uint64_t bytes_max = 1ULL << 30;
  };

  /// `engine` outlives the cache.
  ProgramCache(const native::WasmEngine& engine, Options options)
      : engine_(engine), options_(options) {}

  /// Maps the artifacts (the entry module's first) and links them. FailedPrecondition says what
  /// does not fit together.
  Result<void> load(const LoadProgram& load, std::span<const UniqueFd> artifacts);

  /// Valid until the next load(); null if it is not there.
  const native::WasmProgram* find(const ProgramKey& key);

 private:
  struct Entry {
    ProgramKey key;
    native::WasmProgram program;
    std::uint64_t bytes;
  };

  void make_room(std::uint64_t bytes);

  const native::WasmEngine& engine_;
  Options options_;
  std::list<Entry> entries_;  // The most recently used first.
  std::uint64_t bytes_ = 0;
};

}  // namespace skrei::executor::wasm
