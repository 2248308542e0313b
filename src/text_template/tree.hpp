// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "text_template/value.hpp"

// A parsed template. Places are byte offsets in its text.

namespace skrei::text_template {

struct Pipeline;

/// A word of a command.
struct Operand {
  enum class Kind {
    Constant,
    Dot,       ///< `.`, then fields
    Variable,  ///< `$` (name "") or `$name`, then fields
    Function,  ///< `printf`: only as a command's first word, or alone
    Group,     ///< `( pipeline )`, then fields
  };
  Kind kind = Kind::Dot;
  std::size_t at = 0;
  Value constant = false;
  std::string name;
  std::vector<std::string> fields;
  /// One for Group, none else.
  std::vector<Pipeline> group;
};

struct Command {
  std::size_t at = 0;
  /// At least one.
  std::vector<Operand> words;
};

struct Pipeline {
  enum class Binds { Nothing, Declares, Assigns };
  std::size_t at = 0;
  Binds binds = Binds::Nothing;
  /// Without their `$`. Two only for range.
  std::vector<std::string> variables;
  std::vector<Command> commands;
};

struct Node {
  enum class Kind { Text, Action, If, With, Range, Break, Continue };
  Kind kind = Kind::Text;
  std::size_t at = 0;
  std::string text;
  Pipeline pipeline;
  std::vector<Node> body;
  std::vector<Node> otherwise;
};

}  // namespace skrei::text_template
