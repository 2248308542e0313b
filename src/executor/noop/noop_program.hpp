// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "executor/engine.hpp"
#include "executor/execution_file.hpp"

namespace skrei::executor::noop {

/// The decoded parameters (noop_executor.hpp).
struct NoopProgram {
  int exit_code = 0;
  std::chrono::milliseconds duration{0};
  std::string stdout_bytes;
  std::string stderr_bytes;
  std::uint64_t repeat = 1;
  bool print_environment = false;
  std::vector<std::string> parameters;
  std::vector<std::string> cat;
  std::map<std::string, std::string> write;

  bool operator==(const NoopProgram&) const = default;
};

/// InvalidArgument names the parameter.
Result<NoopProgram> parse_program(const model::SpecConfig& engine);

/// Writes the output of the program, whole, into `file`, and its results. Blocks.
Result<void> perform(const NoopProgram& program, const ExecutionSpec& spec,
                     const ExecutionFile& file, OutputRetention retention);

}  // namespace skrei::executor::noop
