// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/nearest_word.hpp"
#include "base/result.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/globals.hpp"
#include "cli/manual.hpp"

namespace skrei::cli {
namespace {

/// What the groups of commands are about.
const std::map<std::string_view, std::string_view>& group_summaries() {
  static const std::map<std::string_view, std::string_view> summaries = {
      {"wasm", "Run WebAssembly modules"},
      {"job", "Run, look at and stop jobs"},
      {"data", "Put files and folders into the content store and get them out"},
      {"node", "The nodes that this one knows"},
      {"agent", "The node that is talked to"},
      {"config", "Settings and where they come from"},
  };
  return summaries;
}

/// What `skrei --help` says at its end.
std::string topics_text() {
  std::string text = "Topics (skrei help TOPIC):\n";
  for (const Topic& topic : all_topics())
    text += fmt::format("  {:<32}{}\n", topic.name, topic.summary);
  return text;
}

std::string text_of(const CommandText& text) {
  std::string description(text.summary);
  description += ".\n\nExamples:\n";
  description += text.examples;
  if (!text.details.empty()) description += fmt::format("\n{}", text.details);
  return description;
}

class Formatter final : public CLI::Formatter {
 public:
  Formatter() { column_width(34); }

  /// Lists show the first line of a command's text only.
  std::string make_subcommand(const CLI::App* app) const override {
    const std::string description = app->get_description();
    return fmt::format("  {:<{}}{}\n", app->get_name(), column_width_ - 2,
                       description.substr(0, description.find(".\n")));
  }

  /// "-n,--limit", "--wait,--no-wait": CLI11 would show how it is made.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    constexpr std::string_view kInner = "{false}";
    if (const std::size_t at = name.find(kInner); at != std::string::npos) {
      name.erase(at, kInner.size());
    }
    return name;
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : " " + type;
  }

  /// Wrapped, with the default at its end.
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string text = option->get_description();
    const std::string initial = option->get_default_str();
    if (!initial.empty()) text += fmt::format(" (default: {})", initial);
    std::string wrapped;
    std::size_t column = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(' ', at), text.size());
      if (column > 0 && column + 1 + end - at > kDescriptionWidth) {
        wrapped += '\n';
        column = 0;
      } else if (column > 0) {
        wrapped += ' ';
        ++column;
      }
      wrapped.append(text, at, end - at);
      column += end - at;
      at = end + 1;
    }
    return wrapped;
  }

 private:
  static constexpr std::size_t kDescriptionWidth = 64;
};

/// The node of the command tree that `path` leads to, made where it is missing.
CLI::App& app_at(CLI::App& root, std::string_view path) {
  CLI::App* app = &root;
  while (!path.empty()) {
    const std::size_t space = std::min(path.find(' '), path.size());
    const std::string word(path.substr(0, space));
    path.remove_prefix(std::min(space + 1, path.size()));
    const auto below =
        app->get_subcommands([&](CLI::App* candidate) { return candidate->get_name() == word; });
    CLI::App* next = below.empty() ? nullptr : below.front();
    if (next == nullptr) {
      next = app->add_subcommand(word);
      next->fallthrough();
      if (const auto summary = group_summaries().find(word); summary != group_summaries().end()) {
        next->description(std::string(summary->second) + ".\n");
      }
    }
    app = next;
  }
  return *app;
}

/// The deepest group that the words lead to, and the first word that leads nowhere.
struct Misfit {
  const CLI::App* group;
  std::string word;
};

Misfit find_misfit(const CLI::App& root, const std::vector<std::string>& arguments) {
  Misfit misfit{&root, ""};
  for (const std::string& word : arguments) {
    if (word.starts_with('-')) continue;
    const auto below = misfit.group->get_subcommands([](const CLI::App*) { return true; });
    const auto found = std::find_if(below.begin(), below.end(),
                                    [&](const CLI::App* app) { return app->check_name(word); });
    if (found == below.end()) {
      if (!below.empty()) misfit.word = word;
      return misfit;
    }
    misfit.group = *found;
  }
  return misfit;
}

void require_commands(CLI::App& app) {
  const auto below = app.get_subcommands([](CLI::App*) { return true; });
  if (!below.empty()) app.require_subcommand(1);
  for (CLI::App* next : below)
    require_commands(*next);
}

struct Declared {
  Command* command = nullptr;
  std::vector<std::string>* program_words = nullptr;
};
using DeclaredCommands = std::map<const CLI::App*, Declared>;

/// Takes what follows `--` out of the command line: arguments of a program, never flags of ours.
std::vector<std::string> split_off_program(std::vector<std::string>& arguments) {
  const auto mark = std::ranges::find(arguments, "--");
  if (mark == arguments.end()) return {};
  std::vector<std::string> words(mark + 1, arguments.end());
  arguments.erase(mark, arguments.end());
  return words;
}

std::string path_of(const CLI::App* app) {
  std::string path = app->get_name();
  for (const CLI::App* parent = app->get_parent(); parent != nullptr;
       parent = parent->get_parent()) {
    path = parent->get_name() + " " + path;
  }
  return path;
}

/// The nearest flag for an unknown one, or the nearest command for an unknown word.
std::string suggestion(const Misfit& misfit, std::string_view message) {
  std::vector<std::string> names;
  std::string wrong = misfit.word;
  if (wrong.empty()) {
    const std::size_t dash = message.find("-");
    if (dash == std::string_view::npos) return "";
    wrong = message.substr(dash, message.find_first_of(" =\n", dash) - dash);
    for (const CLI::App* app = misfit.group; app != nullptr; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames())
          names.push_back("--" + name);
      }
    }
  } else {
    for (const CLI::App* app :
         misfit.group->get_subcommands([](const CLI::App*) { return true; })) {
      if (!app->get_group().empty()) names.push_back(app->get_name());
    }
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  return std::string(nearest_word(wrong, views));
}

/// The first flag that nothing on the way to this command has; empty if all are known.
std::string unknown_flag(const CLI::App& command, const std::vector<std::string>& arguments) {
  const auto is_known = [&](const std::string& name) {
    for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
      if (app->get_option_no_throw(name) != nullptr) return true;
    }
    return false;
  };
  for (const std::string& word : arguments) {
    const std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--") && !is_known(name)) return name;
  }
  return "";
}

/// Before anything is parsed, so that wrong usage is told as JSON, too.
bool asks_for_json(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--output=json" || arguments[i] == "--json") return true;
    if (arguments[i] == "--output" && i + 1 < arguments.size() && arguments[i + 1] == "json") {
      return true;
    }
  }
  return false;
}

int complain_of_usage(const CLI::App& root, const CLI::ParseError& error,
                      const std::vector<std::string>& arguments, Io& io) {
  const Misfit misfit = find_misfit(root, arguments);
  std::string message = error.what();
  if (!misfit.word.empty()) {
    message = fmt::format("unknown command {:?} after \"{}\"", misfit.word, path_of(misfit.group));
  } else if (const std::string flag = unknown_flag(*misfit.group, arguments); !flag.empty()) {
    // Also where an argument is missing, which may be due to the flag.
    message = fmt::format("there is no flag {}", flag);
  }
  const std::string nearest = suggestion(misfit, message);
  const std::string help = fmt::format("`{} --help` shows what there is", path_of(misfit.group));
  io.complain({Code::InvalidArgument, message,
               nearest.empty() ? help : fmt::format("did you mean {:?}? {}", nearest, help)});
  return kExitUsage;
}

/// Gives a command what stood behind `--`.
Result<void> hand_over_program(const Declared& command, const std::vector<std::string>& words,
                               const std::string& path) {
  const std::string help = fmt::format("`{} --help` shows how", path);
  if (command.program_words == nullptr) {
    if (words.empty()) return {};
    return fail(Error{Code::InvalidArgument,
                      fmt::format("{:?} starts no program that `--` could belong to", path), help});
  }
  command.program_words->insert(command.program_words->end(), words.begin(), words.end());
  if (!command.program_words->empty()) return {};
  return fail(Error{Code::InvalidArgument, fmt::format("{:?} needs a program", path), help});
}

void declare_all(CLI::App& root, Globals& globals,
                 std::span<const std::unique_ptr<Command>> commands, DeclaredCommands& declared) {
  root.formatter(std::make_shared<Formatter>());
  root.set_help_all_flag("--help-all", "Help of every command");
  root.footer(topics_text());
  Options global_options(root);
  globals.declare(global_options);
  for (const auto& command : commands) {
    const CommandText text = command->text();
    CLI::App& app = app_at(root, text.path);
    app.description(text_of(text));
    // CLI11 lists nothing of a group without a name.
    if (text.is_hidden) app.group("");
    Options options(app);
    command->declare(options);
    declared[&app] = {command.get(), options.program_words()};
  }
  require_commands(root);
}

/// "skrei help TOPIC", and what is neither a topic nor a command. Nothing: the words behind "help"
/// are a command, whose --help answers.
std::optional<int> answer_help(const CLI::App& root, const std::vector<std::string>& words,
                               Io& io) {
  if (words.size() == 1) {
    if (const Topic* topic = find_topic(words.front()); topic != nullptr) {
      io.write(topic_text(*topic));
      io.flush();
      return kExitOk;
    }
  }
  const Misfit misfit = find_misfit(root, words);
  if (misfit.word.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* app : misfit.group->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(app->get_name());
  for (const Topic& topic : all_topics())
    names.emplace_back(topic.name);
  const std::vector<std::string_view> views(names.begin(), names.end());
  io.complain({Code::InvalidArgument,
               fmt::format("there is no command or topic {:?}{}", misfit.word,
                           did_you_mean(misfit.word, views)),
               fmt::format("`{} --help` shows what there is", path_of(misfit.group))});
  return kExitUsage;
}

int run_command(Command& command, Globals globals, Io& io) {
  Context context(io, std::move(globals));
  try {
    const int code = command.run(context);
    io.status("");
    io.flush();
    return code;
  } catch (const std::exception& error) {
    io.complain({Code::Internal, fmt::format("this is a fault of Skrei: {}", error.what()),
                 "please report it with the command line that led to it"});
    return kExitSkreiFailed;
  }
}

}  // namespace

int run_program(const std::string& program, const std::vector<std::string>& arguments, Io& io,
                std::span<const std::unique_ptr<Command>> commands) {
  CLI::App root("Skrei runs programs where the data is.\n", program);
  Globals globals;
  DeclaredCommands declared;
  declare_all(root, globals, commands, declared);

  if (asks_for_json(arguments)) io.set_json_errors();
  std::vector<std::string> own = arguments;
  // "skrei help wasm run" is "skrei wasm run --help".
  if (!own.empty() && own.front() == "help") {
    own.erase(own.begin());
    if (const auto answered = answer_help(root, own, io)) return *answered;
    own.emplace_back("--help");
  }
  const std::vector<std::string> program_words = split_off_program(own);
  if (std::ranges::find(own, "--no-color") != own.end()) io.disable_colour();
  try {
    // CLI11 takes the words from the back.
    root.parse(std::vector<std::string>(own.rbegin(), own.rend()));
  } catch (const CLI::Success& help) {
    io.write(help.get_name() == "CallForAllHelp" ? root.help("", CLI::AppFormatMode::All)
                                                 : root.help());
    io.flush();
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    if (arguments.empty()) {
      io.write_err(root.help());
      return kExitUsage;
    }
    return complain_of_usage(root, error, own, io);
  }

  const CLI::App* chosen = &root;
  while (!chosen->get_subcommands().empty())
    chosen = chosen->get_subcommands().front();
  const Declared& command = declared.at(chosen);
  if (const auto handed = hand_over_program(command, program_words, path_of(chosen)); !handed) {
    io.complain(handed.error());
    return kExitUsage;
  }
  return run_command(*command.command, std::move(globals), io);
}

int run_program(const std::string& program, const std::vector<std::string>& arguments, Io& io) {
  const auto commands = all_commands();
  return run_program(program, arguments, io, commands);
}

}  // namespace skrei::cli
