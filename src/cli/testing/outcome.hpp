// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace skrei::cli {

/// What a command line that ran in this process left.
struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

/// Runs a command line (without "skrei") over these commands, off a terminal.
Outcome run_here(std::vector<std::string> arguments,
                 std::span<const std::unique_ptr<Command>> commands);

/// The same over the real table.
Outcome run_here(std::vector<std::string> arguments);

/// Leaves nothing of the person who runs the tests: HOME is `home`, and no variable that is a
/// setting is there.
void forget_own_settings(const std::string& home);

}  // namespace skrei::cli
