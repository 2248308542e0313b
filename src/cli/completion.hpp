// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/manual.hpp"

namespace skrei::cli {

/// A word that may stand here, and what it means (may be empty).
struct Candidate {
  std::string word;
  std::string meaning;

  bool operator==(const Candidate&) const = default;
};

/// What may stand where the cursor is.
struct Completion {
  /// What the shell or the node has to add to `candidates`.
  enum class More { Nothing, Files, Jobs, Nodes };
  std::vector<Candidate> candidates;
  More more = More::Nothing;
};

/// `words` are those behind "skrei"; the last, perhaps empty, is the one that is being typed. Bash
/// gives "--output=js" as three words; both forms are understood.
Completion complete(std::span<const CommandPage> commands, std::vector<std::string> words);

/// "bash", "zsh", "fish".
std::span<const std::string_view> completion_shells();

/// What a shell has to read once: it asks `skrei complete` for each word. `shell` is one of
/// completion_shells().
std::string completion_script(std::string_view shell);

}  // namespace skrei::cli
