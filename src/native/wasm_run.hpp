// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "native/wasm_engine.hpp"

struct SkreiWasmProgram;
struct SkreiWasmRun;

namespace skrei::native {

struct WasmRunDeleter {
  void operator()(SkreiWasmProgram* program) const;
  void operator()(SkreiWasmRun* run) const;
};

/// A module under the name by which others import it; borrowed.
struct WasmImport {
  std::string_view name;
  const WasmModule* module = nullptr;
};

enum class WasmAccess : std::uint32_t { ReadOnly = 0, ReadWrite = 1 };

/// A folder of the host that the guest sees at `guest_path`. It is opened in prepare(): through
/// `fd` where that is given, else by `host_path`.
struct WasmDir {
  std::string guest_path;
  int fd = -1;
  std::filesystem::path host_path;
  WasmAccess access = WasmAccess::ReadOnly;
};

/// Limits of 0 mean the default that is named.
struct WasmRunOptions {
  /// The guest's argv, the program's name first.
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<WasmDir> dirs;

  /// Blocking descriptors, duplicated by prepare(); -1: empty input, output thrown away. Written
  /// without a buffer, every byte as it is. Ignore SIGPIPE, so that the guest sees EPIPE.
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;

  /// All linear memories together; 4 GiB.
  std::uint64_t memory_max_bytes = 0;
  /// Unlimited. Needs an engine with metering.
  std::uint64_t fuel_max = 0;
  /// Elements of all tables together; 1,000,000.
  std::uint64_t table_elements_max = 0;
};

enum class WasmEnding : std::uint32_t {
  Exited = 0,       ///< Returned (0) or called proc_exit.
  Trapped = 1,      ///< Broke a rule of WebAssembly.
  OutOfFuel = 2,    ///< Used up its fuel.
  MemoryLimit = 3,  ///< Wants more at its start, or trapped after a growth was refused.
  HostError = 4,    ///< Our fault.
};

enum class WasmTrap : std::uint32_t {
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

struct WasmOutcome {
  WasmEnding ending = WasmEnding::HostError;
  WasmTrap trap = WasmTrap::None;
  /// As the guest gave it (32 bits); 0 unless Exited.
  std::uint32_t exit_code = 0;
  /// A growth of memory was refused because of the limit.
  bool memory_refused = false;
  std::uint64_t memory_peak_bytes = 0;
  /// 0 without metering.
  std::uint64_t fuel_used = 0;
  /// Empty when Exited; else a sentence, then lines of the guest's backtrace; at most 4 KiB.
  std::string text;
};

/// A run that has everything it needs.
class WasmRun {
 public:
  explicit WasmRun(SkreiWasmRun* run) : handle_(run) {}

  /// Runs to the end on the calling thread; a run starts once (else FailedPrecondition). An error
  /// is ours; whatever the guest does is an outcome.
  ///
  /// Needs of the outside no more than: mmap, mprotect and munmap without PROT_EXEC, futex,
  /// clocks, getrandom, signal masks and the alternate stack, and calls on descriptors (relative
  /// to those opened by prepare). No thread, process, socket or absolute path.
  Result<WasmOutcome> start();

 private:
  std::unique_ptr<SkreiWasmRun, WasmRunDeleter> handle_;
};

/// An entry module linked with WASI preview 1 and import modules; runs any number of times, also
/// in children forked afterwards. Keeps what it needs of the modules.
class WasmProgram {
 public:
  /// `entry` takes and returns nothing; empty means "_start". Before any other entry an exported
  /// "_initialize" is called. Import modules may import each other, not in a circle.
  /// FailedPrecondition names each import that is missing, or what is exported instead of `entry`.
  static Result<WasmProgram> link(const WasmModule& module, std::span<const WasmImport> imports,
                                  std::string_view entry);

  /// The half of a run that needs the outside: opens folders, duplicates descriptors, builds the
  /// store. InvalidArgument names the folder or descriptor. Address space must not be limited
  /// below 16 GiB: each memory reserves 4 GiB of it.
  Result<WasmRun> prepare(const WasmRunOptions& options) const;

 private:
  explicit WasmProgram(SkreiWasmProgram* program) : handle_(program) {}

  std::unique_ptr<SkreiWasmProgram, WasmRunDeleter> handle_;
};

}  // namespace skrei::native
