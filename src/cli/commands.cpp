// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

namespace skrei::cli {

std::vector<std::unique_ptr<Command>> all_commands() {
  return {};
}

}  // namespace skrei::cli
