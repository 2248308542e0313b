// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"

namespace skrei::cli {

/// The flags that every command has. Unset: the settings say (config room).
struct Globals {
  std::optional<std::string> api_host;
  std::optional<std::string> api_port;
  std::optional<std::string> data_dir;
  /// `-c`: key=value, a bare boolean key, or a YAML file.
  std::vector<std::string> config;
  bool no_colour = false;

  void declare(Options& options);
};

}  // namespace skrei::cli
