// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "executor/wasm/compile_child.hpp"

/// What a parent asks of its compile child, and how the child says what went wrong. Both sides are
/// the same program; for the .cpp files of compile_child.hpp.
namespace skrei::executor::wasm {

struct CompileOrder {
  /// Unset: only the engine's fingerprint is wanted.
  std::optional<Sha256Digest> digest;
  native::WasmEngineOptions engine;
  CompileLimits limits;
  WallsLevel level = WallsLevel::Landlock;
  std::optional<WallsUser> user;
  pid_t parent = 0;

  /// "name=value" for each field; parse() is the inverse. InvalidArgument names what is wrong.
  std::vector<std::string> to_arguments() const;
  static Result<CompileOrder> parse(std::span<char* const> arguments);
};

/// Exit statuses of the child; any other end is a crash or a limit.
enum class CompileExit { Done = 0, Reported = 1 };

/// Longest report that a parent reads.
inline constexpr std::size_t kCompileReportBytesMax = 8192;

/// The text that a child writes to descriptor 2: the code's number, a line's end, the sentence.
std::string to_report(const Error& error);
/// Internal if `text` is no report. A child is not trusted: its text is made valid UTF-8.
Error parse_report(std::string_view text);

}  // namespace skrei::executor::wasm
