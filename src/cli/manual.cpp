// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/globals.hpp"

namespace skrei::cli {
namespace {

constexpr std::string_view kIntroduction =
    "Skrei runs programs where the data is: a node takes jobs in over a REST API, places them,\n"
    "runs them in walls, and keeps what they read and write as content with a CID. This program\n"
    "is both the node (serve) and what talks to it.";

std::vector<OptionText> global_options() {
  return declared_options([](Options& options) { Globals().declare(options); });
}

std::string joined_names(const OptionText& option) {
  std::string text;
  for (const std::string& name : option.names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// The help with the default, and whether it may be repeated.
std::string full_help(const OptionText& option) {
  std::string text = option.help;
  if (option.is_repeatable && !option.is_argument && !text.contains("repeatable")) {
    text += "; repeatable";
  }
  if (!option.initial.empty()) text += fmt::format(" (default: {})", option.initial);
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// Text that roff takes as it is.
std::string roff(std::string_view text) {
  std::string safe = replaced(std::string(text), "\\", "\\e");
  safe = replaced(std::move(safe), "-", "\\-");
  if (safe.starts_with('.') || safe.starts_with('\'')) safe.insert(0, "\\&");
  return safe;
}

/// Paragraphs, and lines that begin with two spaces as they are.
std::string roff_paragraphs(std::string_view text) {
  std::string page;
  bool verbatim = false;
  for (const std::string_view line : lines_of(text)) {
    const bool is_verbatim = line.starts_with("  ") || (verbatim && line.empty());
    if (is_verbatim != verbatim) page += is_verbatim ? ".nf\n" : ".fi\n";
    verbatim = is_verbatim;
    page += line.empty() ? (verbatim ? "\n" : ".PP\n") : roff(line) + "\n";
  }
  if (verbatim) page += ".fi\n";
  return page;
}

std::string roff_options(const std::vector<OptionText>& options) {
  std::string page;
  for (const OptionText& option : options) {
    std::string head = fmt::format("\\fB{}\\fR", roff(joined_names(option)));
    if (!option.placeholder.empty()) head += fmt::format(" \\fI{}\\fR", roff(option.placeholder));
    page += fmt::format(".TP\n{}\n{}\n", head, roff(full_help(option)));
  }
  return page;
}

std::string page_name(std::string_view path) {
  return "skrei-" + replaced(std::string(path), " ", "-");
}

std::string roff_head(const std::string& name, int section, std::string_view summary) {
  std::string title = name;
  std::ranges::transform(title, title.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return fmt::format(".TH {} {} \"\" \"Skrei\" \"Skrei Manual\"\n.SH NAME\n{} \\- {}\n",
                     roff(title), section, roff(name), roff(summary));
}

ManPage man_page(const CommandPage& command) {
  const std::string name = page_name(command.text.path);
  std::string text = roff_head(name, 1, command.text.summary);
  text += fmt::format(".SH SYNOPSIS\n{}\n", roff(synopsis(command)));
  text += ".SH EXAMPLES\n" + roff_paragraphs(command.text.examples);
  if (!command.text.details.empty()) {
    text += ".SH DESCRIPTION\n" + roff_paragraphs(command.text.details);
  }
  if (!command.options.empty()) text += ".SH OPTIONS\n" + roff_options(command.options);
  text += ".PP\nThe options of every command are in skrei(1).\n";
  text += ".SH SEE ALSO\nskrei(1), skrei\\-exit\\-codes(7), skrei\\-configuration(7)\n";
  return {fmt::format("man1/{}.1", name), text};
}

ManPage man_page(const Topic& topic) {
  const std::string name = page_name(topic.name);
  return {fmt::format("man7/{}.7", name), roff_head(name, 7, topic.summary) + ".SH DESCRIPTION\n" +
                                              roff_paragraphs(topic.text) +
                                              ".SH SEE ALSO\nskrei(1)\n"};
}

ManPage overview_page(std::span<const CommandPage> commands) {
  std::string text = roff_head("skrei", 1, "runs programs where the data is");
  text += ".SH SYNOPSIS\nskrei [FLAGS] COMMAND …\n";
  text += ".SH DESCRIPTION\n" + roff_paragraphs(kIntroduction) + ".SH COMMANDS\n";
  for (const CommandPage& command : commands) {
    text += fmt::format(".TP\n\\fB{}\\fR(1)\n{}\n", roff(page_name(command.text.path)),
                        roff(command.text.summary));
  }
  text += ".SH TOPICS\n";
  for (const Topic& topic : all_topics()) {
    text +=
        fmt::format(".TP\n\\fB{}\\fR(7)\n{}\n", roff(page_name(topic.name)), roff(topic.summary));
  }
  return {"man1/skrei.1", text + ".SH OPTIONS\n" + roff_options(global_options())};
}

/// Text in a cell of a table in Markdown.
std::string cell(std::string_view text) {
  return replaced(std::string(text), "|", "\\|");
}

std::string markdown_options(const std::vector<OptionText>& options) {
  std::string page = "| | |\n|---|---|\n";
  for (const OptionText& option : options) {
    std::string head;
    for (const std::string& name : option.names)
      head += fmt::format("{}`{}`", head.empty() ? "" : ", ", name);
    if (!option.placeholder.empty()) head += fmt::format(" `{}`", cell(option.placeholder));
    page += fmt::format("| {} | {} |\n", head, cell(full_help(option)));
  }
  return page;
}

/// Paragraphs, with lines that begin with two spaces as code.
std::string markdown_paragraphs(std::string_view text) {
  std::string page;
  bool verbatim = false;
  for (const std::string_view line : lines_of(text)) {
    const bool is_verbatim = line.starts_with("  ") || (verbatim && line.empty());
    if (is_verbatim != verbatim) page += "```\n";
    verbatim = is_verbatim;
    page += fmt::format("{}\n", verbatim && !line.empty() ? line.substr(2) : line);
  }
  if (verbatim) page += "```\n";
  return page;
}

}  // namespace

std::vector<CommandPage> command_pages(std::span<const std::unique_ptr<Command>> commands) {
  std::vector<CommandPage> pages;
  for (const auto& command : commands) {
    if (command->text().is_hidden) continue;
    pages.push_back(
        {command->text(), declared_options([&](Options& options) { command->declare(options); })});
  }
  return pages;
}

std::string synopsis(const CommandPage& page) {
  std::string text = fmt::format("skrei {}", page.text.path);
  const auto is_flag = [](const OptionText& option) {
    return !option.is_argument;
  };
  if (std::ranges::any_of(page.options, is_flag)) text += " [FLAGS]";
  for (const OptionText& option : page.options) {
    if (!option.is_argument) continue;
    const std::string dots = option.is_repeatable ? "…" : "";
    text += option.is_required ? fmt::format(" {}{}", option.names.front(), dots)
                               : fmt::format(" [{}]", option.names.front());
  }
  return text;
}

const Topic* find_topic(std::string_view name) {
  const auto found = std::ranges::find(all_topics(), name, &Topic::name);
  return found == all_topics().end() ? nullptr : &*found;
}

std::string topic_text(const Topic& topic) {
  return fmt::format("{}.\n\n{}", topic.summary, topic.text);
}

std::vector<ManPage> man_pages(std::span<const CommandPage> commands) {
  std::vector<ManPage> pages = {overview_page(commands)};
  for (const CommandPage& command : commands)
    pages.push_back(man_page(command));
  for (const Topic& topic : all_topics())
    pages.push_back(man_page(topic));
  return pages;
}

std::string cli_reference_page(std::span<const CommandPage> commands) {
  std::string page =
      "# The command line\n\n"
      "Made from the tables of commands and topics in `src/cli/` and compared with them by a "
      "test; `skrei help` and the\nman pages say the same. `SKREI_UPDATE_GOLDEN=1 skrei_cli_test` "
      "writes it anew.\n\n";
  page += fmt::format("{}\n\n## Flags of every command\n\n{}", kIntroduction,
                      markdown_options(global_options()));
  for (const CommandPage& command : commands) {
    page += fmt::format("\n## skrei {}\n\n{}.\n\n```\n{}\n```\n\n", command.text.path,
                        command.text.summary, synopsis(command));
    page += markdown_paragraphs(command.text.examples);
    if (!command.text.details.empty()) {
      page += "\n" + markdown_paragraphs(command.text.details);
    }
    if (!command.options.empty()) page += "\n" + markdown_options(command.options);
  }
  for (const Topic& topic : all_topics()) {
    page += fmt::format("\n## Topic: {}\n\n{}.\n\n{}", topic.name, topic.summary,
                        markdown_paragraphs(topic.text));
  }
  return page;
}

}  // namespace skrei::cli
