// SPDX-License-Identifier: Apache-2.0
#include "cli/testing/outcome.hpp"

#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "cli/program.hpp"
#include "cli/settings.hpp"

namespace skrei::cli {
namespace {

std::string content_of(std::FILE* file) {
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

}  // namespace

Outcome run_here(std::vector<std::string> arguments,
                 std::span<const std::unique_ptr<Command>> commands) {
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  Io io(out, err);
  Outcome outcome;
  outcome.code = run_program("skrei", arguments, io, commands);
  outcome.out = content_of(out);
  outcome.err = content_of(err);
  return outcome;
}

Outcome run_here(std::vector<std::string> arguments) {
  const auto commands = all_commands();
  return run_here(std::move(arguments), commands);
}

void forget_own_settings(const std::string& home) {
  for (const auto& [name, value] : environment_variables()) {
    if (name.starts_with("SKREI_") || name.starts_with("BACALHAU_")) ::unsetenv(name.c_str());
  }
  ::unsetenv("XDG_CONFIG_HOME");
  ::setenv("HOME", home.c_str(), 1);
}

}  // namespace skrei::cli
