// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.hpp"

#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace skrei::cli {
namespace {

bool is_file_name(std::string_view text) {
  return !text.contains('=') && (text.ends_with(".yaml") || text.ends_with(".yml"));
}

}  // namespace

model::StringMap environment_variables() {
  model::StringMap variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::filesystem::path user_config_file() {
  const char* folder = std::getenv("XDG_CONFIG_HOME");
  const bool given = folder != nullptr && *folder == '/';
  return (given ? std::filesystem::path(folder) : home_folder() / ".config") / "skrei" /
         "config.yaml";
}

std::filesystem::path home_folder() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_dir : "/";
}

Result<config::Config> load_config(Io& io, const Globals& globals,
                                   std::vector<std::pair<std::string, std::string>> flags) {
  config::Sources sources;
  sources.environment = environment_variables();
  sources.flags = std::move(flags);
  if (globals.api_host) sources.flags.emplace_back("API.Host", *globals.api_host);
  if (globals.api_port) sources.flags.emplace_back("API.Port", *globals.api_port);
  if (globals.data_dir) sources.flags.emplace_back("DataDir", *globals.data_dir);
  for (const std::string& text : globals.config) {
    if (!is_file_name(text)) {
      sources.assignments.push_back(text);
      continue;
    }
    TRY_ASSIGN(config::File file, config::read_config_file(text));
    sources.given_files.push_back(std::move(file));
  }
  if (auto file = config::read_config_file(user_config_file()); file) {
    sources.user_file = *std::move(file);
  } else if (file.error().code != Code::NotFound) {
    return fail(file.error());
  }
  std::vector<std::string> warnings;
  TRY_ASSIGN(sources.project_file, config::read_project_file(kProjectFile, warnings));
  TRY_ASSIGN(config::Config config, config::Config::load(sources));
  for (const std::string& warning : config.warnings())
    warnings.push_back(warning);
  for (const std::string& warning : warnings)
    io.say("Warning: " + warning);
  return config;
}

}  // namespace skrei::cli
