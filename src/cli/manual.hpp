// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

// The manual: man pages and docs/reference/cli.md, made from the table of commands and that of
// topics, so that neither can say what the other does not.

namespace skrei::cli {

/// What people read besides the commands: `skrei help TOPIC`, skrei-TOPIC(7).
struct Topic {
  /// One word: "exit-codes".
  std::string_view name;
  /// One line without a full stop.
  std::string_view summary;
  /// Paragraphs with an empty line between them; lines that begin with two spaces stand as they
  /// are.
  std::string_view text;
};

std::span<const Topic> all_topics();
/// Or nullptr.
const Topic* find_topic(std::string_view name);
/// The topic for a terminal.
std::string topic_text(const Topic& topic);

struct CommandPage {
  CommandText text;
  std::vector<OptionText> options;
};

/// One for each command that is not hidden; their options are declared on the way.
std::vector<CommandPage> command_pages(std::span<const std::unique_ptr<Command>> commands);

/// "skrei job run [FLAGS] FILE".
std::string synopsis(const CommandPage& page);

/// A page of the manual: "man1/skrei-job-run.1" and its text in the language of man(7).
struct ManPage {
  std::string file_name;
  std::string text;
};

/// skrei.1, one page for each command, and one in section 7 for each topic.
std::vector<ManPage> man_pages(std::span<const CommandPage> commands);

/// docs/reference/cli.md.
std::string cli_reference_page(std::span<const CommandPage> commands);

}  // namespace skrei::cli
