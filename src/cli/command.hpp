// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.hpp"

namespace skrei::cli {

class Context;

/// What people read about a command: `skrei help`, the reference pages, completions. Everything but
/// `details` must be there (checked by a test).
struct CommandText {
  /// "job list": the words after `skrei`.
  std::string_view path;
  /// One line without a full stop.
  std::string_view summary;
  /// Whole command lines with what they do, shown first.
  std::string_view examples;
  /// Paragraphs; may be empty.
  std::string_view details = "";
  /// For other programs, not for people: no help lists it.
  bool is_hidden = false;
};

/// One command: its text, its options, what it does. One object per process, used once.
class Command {
 public:
  virtual ~Command() = default;

  virtual CommandText text() const = 0;
  virtual void declare(Options& options) = 0;
  /// Returns the exit code of the process. Has said what went wrong, if anything did.
  virtual int run(Context& context) = 0;
};

/// The table: every command there is, in the order of the help.
std::vector<std::unique_ptr<Command>> all_commands();

}  // namespace skrei::cli
