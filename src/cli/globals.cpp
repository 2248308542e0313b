// SPDX-License-Identifier: Apache-2.0
#include "cli/globals.hpp"

namespace skrei::cli {

void Globals::declare(Options& options) {
  options.value("--api-host", api_host, "HOST", "Host of the node's REST API");
  options.value("--api-port", api_port, "PORT", "Port of the node's REST API");
  options.value("--data-dir", data_dir, "PATH", "Folder in which a node keeps everything");
  options.list("-c,--config", config, "KEY=VALUE|FILE",
               "A setting as KEY=VALUE, or a YAML file of settings; repeatable");
  options.flag("--no-color", no_colour, "No colour, whatever the terminal can");
}

}  // namespace skrei::cli
