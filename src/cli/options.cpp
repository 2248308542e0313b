// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace skrei::cli {

void Options::tell(const std::string& names, OptionText text) {
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    text.names.push_back(names.substr(at, end - at));
    at = end + 1;
  }
  texts_.push_back(std::move(text));
}

void Options::flag(const std::string& names, bool& target, const std::string& help) {
  tell(names, {.help = help});
  app_.add_flag(names, target, help);
}

void Options::toggle(const std::string& name, bool& target, const std::string& help) {
  tell(fmt::format("--{0},--no-{0}", name), {.initial = target ? "yes" : "no", .help = help});
  app_.add_flag(fmt::format("--{0},!--no-{0}", name), target,
                fmt::format("{} (default: {})", help, target ? "yes" : "no"));
}

void Options::switch_value(const std::string& name, std::optional<std::string>& target,
                           const std::string& help) {
  tell(name, {.help = help});
  app_.add_flag(name, target, help);
}

void Options::value(const std::string& names, std::string& target, const std::string& placeholder,
                    const std::string& help) {
  tell(names, {.placeholder = placeholder, .initial = target, .help = help});
  auto* option = app_.add_option(names, target, help)->type_name(placeholder);
  if (!target.empty()) option->default_str(target);
}

void Options::value(const std::string& names, std::optional<std::string>& target,
                    const std::string& placeholder, const std::string& help) {
  tell(names, {.placeholder = placeholder, .help = help});
  app_.add_option(names, target, help)->type_name(placeholder);
}

void Options::number(const std::string& names, std::int64_t& target, std::int64_t min,
                     std::int64_t max, const std::string& help) {
  tell(names, {.placeholder = "N", .initial = std::to_string(target), .help = help});
  app_.add_option(names, target, help)
      ->type_name("N")
      ->check(CLI::Range(min, max).description(""))
      ->default_val(target);
}

void Options::choice(const std::string& names, std::string& target, std::vector<std::string> words,
                     const std::string& help) {
  std::string placeholder;
  for (const std::string& word : words)
    placeholder += (placeholder.empty() ? "" : "|") + word;
  tell(names, {.placeholder = placeholder, .initial = target, .help = help, .choices = words});
  auto* option = app_.add_option(names, target, help)
                     ->type_name(placeholder)
                     ->check(CLI::IsMember(std::move(words)).description(""));
  if (!target.empty()) option->default_str(target);
}

void Options::list(const std::string& names, std::vector<std::string>& target,
                   const std::string& placeholder, const std::string& help) {
  tell(names, {.placeholder = placeholder, .help = help, .is_repeatable = true});
  // Without this one flag would swallow all words after it.
  app_.add_option(names, target, help)
      ->type_name(placeholder)
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
}

void Options::argument(const std::string& name, std::string& target, const std::string& help) {
  tell(name, {.help = help, .is_argument = true, .is_required = true});
  app_.add_option(name, target, help)->type_name("")->required();
}

void Options::optional_argument(const std::string& name, std::string& target,
                                const std::string& help) {
  tell(name, {.help = help, .is_argument = true});
  app_.add_option(name, target, help)->type_name("");
}

void Options::arguments(const std::string& name, std::vector<std::string>& target,
                        const std::string& help) {
  tell(name, {.help = help, .is_argument = true, .is_required = true, .is_repeatable = true});
  app_.add_option(name, target, help)->type_name("")->required();
}

void Options::program_and_arguments(const std::string& name, std::vector<std::string>& target,
                                    const std::string& help) {
  // Its name tells that more may follow.
  tell(name, {.help = help, .is_argument = true, .is_required = true});
  app_.add_option(name, target, help)->type_name("")->expected(0, -1);
  program_words_ = &target;
}

std::vector<OptionText> declared_options(const std::function<void(Options&)>& declare) {
  CLI::App app;
  Options options(app);
  declare(options);
  return options.texts();
}

}  // namespace skrei::cli
