// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/io.hpp"

namespace skrei::cli {

/// Parses `arguments` (without the program's name), runs the command they name, and gives the exit
/// code of the process. `program` is the name it was called by, for messages.
int run_program(const std::string& program, const std::vector<std::string>& arguments, Io& io);

/// The same over another table; for tests.
int run_program(const std::string& program, const std::vector<std::string>& arguments, Io& io,
                std::span<const std::unique_ptr<Command>> commands);

}  // namespace skrei::cli
