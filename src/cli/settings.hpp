// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/globals.hpp"
#include "cli/io.hpp"
#include "config/config.hpp"

namespace skrei::cli {

/// The project's file, in the working folder.
inline constexpr std::string_view kProjectFile = ".skrei.yaml";

/// The settings that hold for this command line: flag > environment > project's file (`.skrei.yaml`
/// in the working folder) > user's file (`skrei/config.yaml` in $XDG_CONFIG_HOME or ~/.config) >
/// default. `flags` are those of the command itself: key and text.
/// Warnings are said to `io`.
Result<config::Config> load_config(Io& io, const Globals& globals,
                                   std::vector<std::pair<std::string, std::string>> flags = {});

/// The user's file, whether it is there or not.
std::filesystem::path user_config_file();

/// The variables of this process.
model::StringMap environment_variables();

/// $HOME, else what the user database says.
std::filesystem::path home_folder();

}  // namespace skrei::cli
