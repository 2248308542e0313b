// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/fd.hpp"
#include "base/hash.hpp"
#include "base/result.hpp"
#include "executor/wasm/walls_support.hpp"
#include "native/wasm_engine.hpp"

/// Compiling a module is work on hostile input with a compiler of a million lines, so it is done
/// in a process of its own (`skrei wasm-compile`) with walls and limits of its own. It sees three
/// descriptors: 0 the module, 1 the artifact, 2 what went wrong.
namespace skrei::executor::wasm {

struct CompileLimits {
  std::uint64_t module_bytes_max = 256ULL << 20;
  std::uint64_t artifact_bytes_max = 1ULL << 30;
  std::uint64_t memory_bytes_max = 512ULL << 20;
  std::chrono::seconds cpu_max{60};
  std::chrono::seconds wall_max{120};
};

/// First argument by which main() of `skrei` knows that it is a compile child.
inline constexpr std::string_view kCompileChildCommand = "wasm-compile";

/// Body of the compile child; main() calls it when argv[1] is kCompileChildCommand, before it does
/// anything else. Gives the exit status.
int run_compile_child(int argc, char** argv);

/// Starts compile children. Any thread; each call blocks until its child is gone.
class CompileRunner {
 public:
  struct Options {
    /// What to execute; this very program by default.
    std::filesystem::path program = "/proc/self/exe";
    CompileLimits limits;
    WallsLevel level = WallsLevel::Landlock;
    /// Whom the child becomes; needs root.
    std::optional<WallsUser> user;
  };

  explicit CompileRunner(Options options);

  /// Compiles the module behind `module_fd` (read from its start) into `artifact_fd` (an empty
  /// file, open for writing). InvalidArgument with what is wrong in the module, or when its
  /// SHA-256 is not `digest`; ResourceExhausted: "module too costly to compile: needed more than
  /// 512 MiB of memory"; Internal if the child cannot be started.
  Result<void> compile(int module_fd, int artifact_fd, const Sha256Digest& digest,
                       const native::WasmEngineOptions& engine) const;

  /// The engine's fingerprint, asked of a child, so that this process needs no engine.
  Result<std::string> fingerprint(const native::WasmEngineOptions& engine) const;

  /// Kills what compiles, now and from now on: those calls answer Cancelled.
  void stop();

 private:
  Options options_;
  UniqueFd stopped_;  // An eventfd, readable after stop().
};

}  // namespace skrei::executor::wasm
