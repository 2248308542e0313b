// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct SkreiWasmArtifact;
struct SkreiWasmEngine;
struct SkreiWasmModule;

/// The WASM engine (wasmtime), for three kinds of processes:
///   compile child  WasmEngine::compile: bytes of a module -> artifact; no executable memory.
///   supervisor     WasmEngine::warm_up, load; WasmProgram::link (wasm_run.hpp). One thread only.
///   run child      forked from it: WasmProgram::prepare, then walls, then WasmRun::start.
/// The engine starts no thread and keeps no descriptor. Nothing here throws.
namespace skrei::native {

/// Calls the function of the C ABI that frees the object.
struct WasmDeleter {
  void operator()(SkreiWasmEngine* engine) const;
  void operator()(SkreiWasmArtifact* artifact) const;
  void operator()(SkreiWasmModule* module) const;
};

/// Both choices change machine code, so they are part of the fingerprint.
struct WasmEngineOptions {
  enum class Metering { Off, On };
  /// On: code counts fuel (10 to 30 % slower), so that a run may have a fuel limit.
  Metering metering = Metering::Off;

  enum class Nans { AsTheCpuMakesThem, Canonical };
  /// Canonical: NaNs have the same bits on every machine.
  Nans nans = Nans::AsTheCpuMakesThem;
};

enum class WasmExternKind { Function, Table, Memory, Global, Tag };

/// One import or export of a module; `module` is empty for an export, `signature` ("(i32) -> ()")
/// for what is no function.
struct WasmExtern {
  std::string module;
  std::string name;
  WasmExternKind kind = WasmExternKind::Function;
  std::string signature;

  bool operator==(const WasmExtern&) const = default;
};

struct WasmShape {
  std::vector<WasmExtern> imports;
  std::vector<WasmExtern> exports;
  /// Memory that the module has before it runs.
  std::uint64_t memory_min_bytes = 0;

  bool operator==(const WasmShape&) const = default;
};

/// A compiled module as bytes: what is stored in the compile cache.
class WasmArtifact {
 public:
  explicit WasmArtifact(SkreiWasmArtifact* artifact) : handle_(artifact) {}

  /// Lives as long as the artifact.
  ByteView bytes() const;
  WasmShape shape() const;

 private:
  std::unique_ptr<SkreiWasmArtifact, WasmDeleter> handle_;
};

/// A compiled module in executable memory. Independent of the engine object it came from.
class WasmModule {
 public:
  explicit WasmModule(SkreiWasmModule* module) : handle_(module) {}

  WasmShape shape() const;
  const SkreiWasmModule* get() const { return handle_.get(); }

 private:
  std::unique_ptr<SkreiWasmModule, WasmDeleter> handle_;
};

/// Use from one thread at a time. Creating the first one installs handlers of SIGSEGV, SIGBUS,
/// SIGILL and SIGFPE that pass on what did not come from WASM code.
class WasmEngine {
 public:
  static Result<WasmEngine> create(const WasmEngineOptions& options = {});

  /// Lower-case hexadecimal; artifacts of one fingerprint can be loaded under the same one only.
  /// It covers engine version, settings, target and CPU features: with the module's digest it is
  /// the key of the compile cache.
  std::string_view fingerprint() const;

  /// InvalidArgument with what is wrong in the module and at which offset. Takes memory and time
  /// without limit of its own: the caller bounds the process.
  Result<WasmArtifact> compile(ByteView wasm) const;

  /// Prepares the calling thread and runs an empty module, so that nothing is initialised lazily
  /// later. Once in the supervisor, before the first fork.
  Result<void> warm_up() const;

  /// Copies an artifact into executable memory. The bytes become machine code: the caller has
  /// verified their MAC. FailedPrecondition if they were made under another fingerprint.
  Result<WasmModule> load(ByteView artifact) const;

  /// As load, but maps the file behind `fd`, which may be closed afterwards. Nobody may write to
  /// the file while the module lives.
  Result<WasmModule> map(int fd) const;

 private:
  explicit WasmEngine(SkreiWasmEngine* engine) : handle_(engine) {}

  std::unique_ptr<SkreiWasmEngine, WasmDeleter> handle_;
};

/// Name of the table that says what each instruction costs in fuel. Part of a job's task key when
/// it has a fuel limit.
std::string_view wasm_fuel_schedule();

}  // namespace skrei::native
