// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "executor/wasm/compile_child.hpp"

/// Compiled modules on disk. An artifact is native code: whoever can put a file here runs as the
/// engine. So nothing comes from the content store or a peer, the folder is 0700, and no artifact
/// is handed out before its MAC is checked.
///
/// Files of the folder, which holds nothing else:
///   key                              32 random bytes, 0600, made once
///   <id>-<mac>.cwasm                 artifact, 0400; both parts are 64 hexadecimal digits
///     id  = SHA-256(format, module digest, engine fingerprint); the fingerprint covers engine
///           version, settings and CPU features
///     mac = HMAC-SHA-256(key, id || SHA-256(artifact))
///   <random>.tmp                     being written; removed at start
/// The MAC lies in the name, so that one rename makes both visible and the engine can map the file
/// from its start. Nothing is synced: after a power cut a torn file fails its MAC and is made anew.
namespace skrei::executor::wasm {

/// A verified artifact, to be handed to the supervisor and mapped. The file behind `fd` (read
/// only) is never written again; it outlives its removal from the cache.
struct CompiledModule {
  UniqueFd fd;
  std::uint64_t bytes = 0;
  enum class Source { Cache, Compiled };
  Source source = Source::Cache;
  /// Time from the call to the answer.
  Duration took{};
};

struct CompileCacheStats {
  std::uint64_t hits = 0;
  std::uint64_t compiled = 0;
  std::uint64_t shared = 0;   ///< Calls that waited for a compilation of another call.
  std::uint64_t failed = 0;   ///< Compilations that ended in an error.
  std::uint64_t refused = 0;  ///< Calls answered from the memory of failed ones.
  std::uint64_t corrupt = 0;  ///< Artifacts whose MAC was wrong.
  std::uint64_t evicted = 0;
  std::uint64_t artifacts = 0;
  std::uint64_t bytes = 0;
};

/// One node's compile cache. All on the loop thread; files and compilers run on pools.
class CompileCache {
 public:
  struct Options {
    std::filesystem::path folder;
    CompileRunner::Options compiler;
    /// Least recently used artifacts are removed beyond this. One larger than all is handed out
    /// but not kept.
    std::uint64_t bytes_max = 2ULL << 30;
    /// Compilers that run at once, and calls that wait for one; more are refused.
    std::size_t compiles_max = 2;
    std::size_t waiting_max = 256;
    /// How long a module that does not compile is refused without trying again.
    Duration failure_memory = std::chrono::minutes(1);
  };

  /// Makes the folder and key if needed and removes left-overs. FailedPrecondition if the folder
  /// belongs to another user or is open to others. Blocks. `pool` and `clock` outlive the cache.
  static Result<std::unique_ptr<CompileCache>> open(Options options, async::BlockingPool& pool,
                                                    const Clock& clock, Random& random);
  /// Kills the compilers that run. Calls must have ended, or never be resumed.
  ~CompileCache();
  CompileCache(const CompileCache&) = delete;
  CompileCache& operator=(const CompileCache&) = delete;

  /// The artifact of the module behind `module` whose SHA-256 is `digest`. Concurrent calls for
  /// one module share one compilation; a call that is cancelled does not stop it. Errors are those
  /// of CompileRunner::compile, and ResourceExhausted when too many wait.
  async::Task<Result<CompiledModule>> get(UniqueFd module, Sha256Digest digest,
                                          native::WasmEngineOptions engine);

  CompileCacheStats stats() const;

 private:
  struct State;
  explicit CompileCache(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;  // Shared with calls that are under way.
};

}  // namespace skrei::executor::wasm
