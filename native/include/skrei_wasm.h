// SPDX-License-Identifier: Apache-2.0

#pragma once

// Made from native/src/abi by `SKREI_BLESS=1 cargo test --test headers`; do not edit.

#include <cstddef>
#include <cstdint>
#include "skrei_native.h"

/// Bytes of text that a SkreiWasmOutcome carries.
constexpr static const size_t SKREI_WASM_OUTCOME_TEXT_MAX = 4096;

/// What an import or export is.
enum class SkreiWasmExternKind : uint32_t {
  Function = 0,
  Table = 1,
  Memory = 2,
  Global = 3,
  Tag = 4,
};

/// How a run ended.
enum class SkreiWasmEnding : uint32_t {
  /// The entry function returned (code 0) or the guest called proc_exit(code).
  Exited = 0,
  /// The guest broke a rule of WebAssembly; `trap` says which.
  Trapped = 1,
  /// `fuel_max` is used up.
  OutOfFuel = 2,
  /// The module asks for more memory than `memory_max_bytes` from the start, or it trapped after
  /// a growth past that limit was refused.
  MemoryLimit = 3,
  /// The host failed, not the guest.
  HostError = 4,
};

/// Which rule a trapping guest broke.
enum class SkreiWasmTrap : uint32_t {
  None = 0,
  Unreachable = 1,
  StackOverflow = 2,
  MemoryOutOfBounds = 3,
  TableOutOfBounds = 4,
  IndirectCallToNull = 5,
  BadSignature = 6,
  IntegerOverflow = 7,
  IntegerDivisionByZero = 8,
  BadConversionToInteger = 9,
  Other = 10,
};

/// What the guest may do below a SkreiWasmDir.
enum class SkreiWasmAccess : uint32_t {
  ReadOnly = 0,
  ReadWrite = 1,
};

/// A compiled module as bytes.
struct SkreiWasmArtifact;

/// An engine; starts no thread and owns no descriptor. Use from one thread at a time.
struct SkreiWasmEngine;

/// A compiled module as executable memory.
struct SkreiWasmModule;

/// An entry module linked with WASI and its import modules, ready to be run many times.
struct SkreiWasmProgram;

/// One run of a program.
struct SkreiWasmRun;

/// Wishes for an engine. Whatever is here changes the machine code, so it is part of the
/// fingerprint.
struct SkreiWasmEngineConfig {
  /// sizeof(SkreiWasmEngineConfig) of the caller.
  uint32_t struct_size;
  /// 1: code counts fuel (10 to 30 % slower) and may be run with a fuel limit.
  uint32_t metering;
  /// 1: every NaN that an operation makes has the same bits on every machine.
  uint32_t canonical_nans;
};

/// One import or export. `module` is empty for an export.
struct SkreiWasmExtern {
  SkreiSlice module;
  SkreiSlice name;
  SkreiWasmExternKind kind;
  /// Text form of the type: "(i32, i32) -> (i32)" for a function, else empty.
  SkreiSlice signature;
};

/// What a module asks for and offers. Lives as long as the object that it was read from.
struct SkreiWasmShape {
  const SkreiWasmExtern *imports;
  size_t imports_len;
  const SkreiWasmExtern *exports;
  size_t exports_len;
  /// Sum of the memories' initial sizes, imported ones left out.
  uint64_t memory_min_bytes;
};

/// A module under the name by which others import it.
struct SkreiWasmImportModule {
  SkreiSlice name;
  const SkreiWasmModule *module;
};

/// One environment variable.
struct SkreiWasmEnv {
  SkreiSlice name;
  SkreiSlice value;
};

/// A folder of the host that the guest sees at `guest_path`.
struct SkreiWasmDir {
  SkreiSlice guest_path;
  /// An open folder (it is opened anew through /proc/self/fd; the caller keeps its own), or -1.
  int32_t fd;
  /// Path of the folder; used when `fd` is -1.
  SkreiSlice host_path;
  /// A SkreiWasmAccess.
  uint32_t access;
};

/// One run. Limits of 0 mean the default that the field names.
struct SkreiWasmRunConfig {
  /// sizeof(SkreiWasmRunConfig) of the caller.
  uint32_t struct_size;
  /// Guest's argv, the program's name first.
  const SkreiSlice *args;
  size_t args_len;
  const SkreiWasmEnv *env;
  size_t env_len;
  const SkreiWasmDir *dirs;
  size_t dirs_len;
  /// Blocking file descriptors that the run duplicates; -1: empty input, output thrown away.
  /// The process should ignore SIGPIPE: the guest then sees EPIPE.
  int32_t stdin_fd;
  int32_t stdout_fd;
  int32_t stderr_fd;
  /// All linear memories of the run together, in bytes; 0: 4 GiB.
  uint64_t memory_max_bytes;
  /// Fuel of the whole run; 0: none set. Needs an engine with metering.
  uint64_t fuel_max;
  /// Elements of all tables together; 0: 1,000,000.
  uint64_t table_elements_max;
};

/// Result of a run: plain data without pointers, so that it can be written to a pipe as it is.
struct SkreiWasmOutcome {
  SkreiWasmEnding ending;
  SkreiWasmTrap trap;
  /// Code of proc_exit as the guest gave it; meaningful for SkreiWasmEnding::Exited.
  uint32_t exit_code;
  /// 1: at least one growth of memory was refused because of the limit.
  uint32_t memory_refused;
  /// Largest sum of linear memories, in bytes.
  uint64_t memory_peak_bytes;
  /// 0 without metering.
  uint64_t fuel_used;
  /// Bytes of `text` in use; no terminating NUL.
  uint32_t text_len;
  /// Empty for SkreiWasmEnding::Exited; else a sentence, then the guest's backtrace, cut.
  uint8_t text[SKREI_WASM_OUTCOME_TEXT_MAX];
};

extern "C" {

/// Makes an engine and installs the process's handlers of SIGSEGV, SIGILL, SIGFPE and SIGBUS
/// (they call the handlers that were there for faults outside of WASM code).
SkreiStatus skrei_wasm_engine_create(const SkreiWasmEngineConfig *config,
                                     SkreiWasmEngine **out,
                                     SkreiError *error);

/// Destroys an engine; null is allowed. Modules made by it stay usable.
void skrei_wasm_engine_destroy(SkreiWasmEngine *engine);

/// Lower-case hexadecimal name of everything that artifacts depend on besides the module: engine
/// version, settings, target, CPU features. An artifact is loaded only under the same fingerprint.
SkreiSlice skrei_wasm_engine_fingerprint(const SkreiWasmEngine *engine);

/// Name of the table that says what each instruction costs in fuel; it changes with any cost.
SkreiSlice skrei_wasm_fuel_schedule();

/// Prepares the calling thread (alternate signal stack) and runs an empty module once, so that
/// nothing is initialised lazily later. Call it in the supervisor before the first fork.
SkreiStatus skrei_wasm_warm_up(const SkreiWasmEngine *engine, SkreiError *error);

/// Validates and compiles the module in `wasm` on the calling thread. Needs no executable memory.
/// InvalidArgument says what is wrong with the module and where.
SkreiStatus skrei_wasm_compile(const SkreiWasmEngine *engine,
                               SkreiSlice wasm,
                               SkreiWasmArtifact **out,
                               SkreiError *error);

/// The bytes to store; lives as long as the artifact.
SkreiSlice skrei_wasm_artifact_bytes(const SkreiWasmArtifact *artifact);

/// What the compiled module imports and exports; null for a null artifact.
const SkreiWasmShape *skrei_wasm_artifact_shape(const SkreiWasmArtifact *artifact);

/// Destroys an artifact; null is allowed.
void skrei_wasm_artifact_destroy(SkreiWasmArtifact *artifact);

/// Copies an artifact into executable memory. **The bytes become machine code**: the caller has
/// verified that an engine of this data directory made them (a MAC). FailedPrecondition when they
/// were made under another fingerprint.
SkreiStatus skrei_wasm_module_load(const SkreiWasmEngine *engine,
                                   SkreiSlice code,
                                   SkreiWasmModule **out,
                                   SkreiError *error);

/// As skrei_wasm_module_load, but maps the file behind `fd` (which stays the caller's and may be
/// closed afterwards). Nobody may write to that file while the module lives.
SkreiStatus skrei_wasm_module_map(const SkreiWasmEngine *engine,
                                  int32_t fd,
                                  SkreiWasmModule **out,
                                  SkreiError *error);

/// What the module imports and exports; null for a null module.
const SkreiWasmShape *skrei_wasm_module_shape(const SkreiWasmModule *module);

/// Destroys a module; null is allowed. Programs linked from it stay usable.
void skrei_wasm_module_destroy(SkreiWasmModule *module);

/// Links `module` with WASI preview 1 and the import modules, and finds its entry function, which
/// takes and returns nothing ("_start" unless `entry` says otherwise; an exported "_initialize" is
/// called before any other entry than "_start"). FailedPrecondition names each import that is not
/// there, or what the module exports where the entry is missing.
SkreiStatus skrei_wasm_program_link(const SkreiWasmModule *module,
                                    const SkreiWasmImportModule *imports,
                                    size_t imports_len,
                                    SkreiSlice entry,
                                    SkreiWasmProgram **out,
                                    SkreiError *error);

/// Destroys a program; null is allowed.
void skrei_wasm_program_destroy(SkreiWasmProgram *program);

/// Everything of a run that needs the outside: opens the folders, duplicates the descriptors,
/// builds the store. After it, starting the run opens nothing by an absolute path, makes no
/// thread, socket, process or executable memory, and needs only descriptors opened here.
/// No limit on address space (RLIMIT_AS) below 16 GiB: each memory reserves 4 GiB of it.
SkreiStatus skrei_wasm_run_prepare(const SkreiWasmProgram *program,
                                   const SkreiWasmRunConfig *config,
                                   SkreiWasmRun **out,
                                   SkreiError *error);

/// Runs to the end and fills `outcome`. OK whatever the guest did; FailedPrecondition when the
/// run was started before.
SkreiStatus skrei_wasm_run_start(SkreiWasmRun *run, SkreiWasmOutcome *outcome, SkreiError *error);

/// Destroys a run; null is allowed.
void skrei_wasm_run_destroy(SkreiWasmRun *run);

}  // extern "C"
