// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace skrei::cli {

/// One flag or argument as the manual tells it and completions offer it.
struct OptionText {
  /// "-n", "--limit"; the name alone of an argument: "JOB".
  std::vector<std::string> names;
  /// What its value is: "N", "table|json". Empty for a flag without one.
  std::string placeholder = {};
  /// The default, if there is one to tell.
  std::string initial = {};
  std::string help;
  /// The only values that are right; empty: any.
  std::vector<std::string> choices = {};
  bool is_argument = false;
  bool is_required = false;
  bool is_repeatable = false;
};

/// Where a command declares its flags and arguments: a thin face of CLI11, so that its heavy header
/// stays in one source. What is bound is filled when the command line is parsed and must outlive
/// that. `names` as "-n,--name".
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  void flag(const std::string& names, bool& target, const std::string& help);
  /// --name and --no-name; the default is what `target` holds.
  void toggle(const std::string& name, bool& target, const std::string& help);
  /// --name is "true", --name=false is "false".
  void switch_value(const std::string& name, std::optional<std::string>& target,
                    const std::string& help);
  void value(const std::string& names, std::string& target, const std::string& placeholder,
             const std::string& help);
  void value(const std::string& names, std::optional<std::string>& target,
             const std::string& placeholder, const std::string& help);
  void number(const std::string& names, std::int64_t& target, std::int64_t min, std::int64_t max,
              const std::string& help);
  void choice(const std::string& names, std::string& target, std::vector<std::string> words,
              const std::string& help);
  /// May be given several times.
  void list(const std::string& names, std::vector<std::string>& target,
            const std::string& placeholder, const std::string& help);

  void argument(const std::string& name, std::string& target, const std::string& help);
  void optional_argument(const std::string& name, std::string& target, const std::string& help);
  /// One or more.
  void arguments(const std::string& name, std::vector<std::string>& target,
                 const std::string& help);
  /// A program and its arguments. Flags of ours may stand before and between them; what follows
  /// `--` goes to `target` untouched.
  void program_and_arguments(const std::string& name, std::vector<std::string>& target,
                             const std::string& help);

  /// Where the words of program_and_arguments() go; null without it.
  std::vector<std::string>* program_words() const { return program_words_; }

  /// All that was declared, in order.
  const std::vector<OptionText>& texts() const { return texts_; }

 private:
  void tell(const std::string& names, OptionText text);

  CLI::App& app_;
  std::vector<std::string>* program_words_ = nullptr;
  std::vector<OptionText> texts_;
};

/// What `declare` declares, without a command line to parse.
std::vector<OptionText> declared_options(const std::function<void(Options&)>& declare);

}  // namespace skrei::cli
