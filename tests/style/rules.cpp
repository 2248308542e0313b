// SPDX-License-Identifier: Apache-2.0
#include "rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace skrei::style {
namespace {

constexpr std::size_t kHeaderLinesMax = 300;
constexpr std::size_t kSourceLinesMax = 600;
constexpr std::size_t kFunctionLinesMax = 70;
constexpr std::size_t kColumnsMax = 100;

/// Where a banned token is looked for.
enum class Where { Code, Text, Include };

/// Whether tests are held to the rule as well.
enum class Tests { Bound, Free };

/// Path prefixes.
using Paths = std::vector<std::string_view>;

struct Banned {
  std::string_view rule;
  std::string_view token;
  Where where;
  std::string_view instead;
  /// Where the rule holds; empty: everywhere.
  Paths only_in;
  /// Where the token is at home.
  Paths except_in;
  Tests tests = Tests::Bound;
};

/// The deciders: the same events must give the same effects, whoever replays them. Their rooms hold
/// shells as well, which carry the effects out.
const Paths kDeciders = {"src/protocol/", "src/orchestrator/", "src/compute/decider",
                         "src/compute/fair_queue", "src/compute/policy"};
const Paths kShells = {"src/orchestrator/service"};

const std::vector<Banned>& banned() {
  static const std::vector<Banned> table = {
      {"asio",
       "<boost/asio.hpp>",
       Where::Include,
       "\"async/task.hpp\" or the one Asio header",
       {},
       {}},
      {"detached", "asio::detached", Where::Code, "a TaskScope", {}, {}},
      {"detached", "<boost/asio/detached.hpp>", Where::Include, "a TaskScope", {}, {}},
      {"thread",
       "std::thread",
       Where::Code,
       "async::blocking()",
       {},
       {"src/async/", "src/native/"}},
      {"thread",
       "std::jthread",
       Where::Code,
       "async::blocking()",
       {},
       {"src/async/", "src/native/"}},
      {"thread", "std::async", Where::Code, "async::blocking()", {}, {}},
      {"sleep", "this_thread::sleep_for", Where::Code, "the injected Clock", {}, {}},
      {"sleep", "this_thread::sleep_until", Where::Code, "the injected Clock", {}, {}},
      {"sleep", "::sleep(", Where::Code, "the injected Clock", {}, {"tests/data/", "examples/"}},
      {"sleep", "usleep(", Where::Code, "the injected Clock", {}, {}},
      {"clock", "system_clock::now", Where::Code, "the injected Clock", {"src/"}, {"src/base/"}},
      {"clock", "steady_clock::now", Where::Code, "the injected Clock", {"src/"}, {"src/base/"}},
      {"random", "std::random_device", Where::Code, "the injected Random", {"src/"}, {"src/base/"}},
      {"getenv",
       "getenv",
       Where::Code,
       "a setting of config",
       {"src/"},
       {"src/config/", "src/cli/"},
       Tests::Free},
      {"iostream",
       "<iostream>",
       Where::Include,
       "fmt, the log, or the cli's streams",
       {},
       {"src/cli/", "examples/"}},
      {"dump",
       ".dump(",
       Where::Code,
       "the json room's writer, which replaces invalid UTF-8",
       {},
       {"src/json/"},
       Tests::Free},
      {"todo", "TODO", Where::Text, "TODO(#issue)", {}, {"tests/style/"}},
      {"unordered", "std::unordered_map", Where::Code, "std::map: order is part of the result",
       kDeciders, kShells, Tests::Free},
      {"unordered", "std::unordered_set", Where::Code, "std::set: order is part of the result",
       kDeciders, kShells, Tests::Free},
      {"decider", "co_await", Where::Code, "an effect that a shell carries out", kDeciders, kShells,
       Tests::Free},
      {"decider", "co_return", Where::Code, "an effect that a shell carries out", kDeciders,
       kShells, Tests::Free},
      {"decider", "Clock", Where::Code, "the time that comes with the event", kDeciders, kShells,
       Tests::Free},
      {"decider", "<random>", Where::Include, "the Random that is handed in", kDeciders, kShells,
       Tests::Free},
  };
  return table;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool starts_with_any(std::string_view path, const Paths& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return path.starts_with(p); });
}

/// The next occurrence as a word of its own, from `from` on.
std::size_t find_token(std::string_view text, std::string_view token, std::size_t from) {
  for (std::size_t at = text.find(token, from); at != std::string_view::npos;
       at = text.find(token, at + 1)) {
    const std::size_t after = at + token.size();
    const bool starts = !is_word(token.front()) || at == 0 || !is_word(text[at - 1]);
    const bool ends = !is_word(token.back()) || after == text.size() || !is_word(text[after]);
    // "::sleep(" is the function of the system only without a name before it.
    const bool global = !token.starts_with("::") || at == 0 || !is_word(text[at - 1]);
    if (starts && ends && global) {
      return at;
    }
  }
  return std::string_view::npos;
}

std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// "executor/wasm" for src/executor/wasm/engine.cpp, "executor" for src/executor/engine.hpp and for
/// src/executor/testing/suite.hpp; empty outside rooms.
std::string folder_of(std::string_view below_src) {
  const std::size_t end = below_src.rfind('/');
  std::string folder(end == std::string_view::npos ? "" : below_src.substr(0, end));
  for (const std::string_view aid : {"/testing", "testing"}) {
    if (folder.ends_with(aid)) {
      folder.resize(folder.size() - aid.size());
    }
  }
  return folder;
}

std::string room_of(std::string_view folder) {
  return std::string(folder.substr(0, folder.find('/')));
}

bool may_include(const Rooms& rooms, std::string_view from, std::string_view to, bool test) {
  const std::string room = room_of(from);
  const std::string target = room_of(to);
  const bool target_is_driver = to.contains('/');
  if (from == to || room == "node") {
    return true;
  }
  if (test && rooms.rank.at(target) <= rooms.rank.at(room)) {
    return true;
  }
  if (target == room) {
    // A driver uses its contract; the contract knows no driver, and drivers do not know each other.
    return !target_is_driver;
  }
  const auto& allowed = rooms.may_use.at(room);
  return !target_is_driver && allowed.contains(target);
}

}  // namespace

Rooms Rooms::parse(std::string_view text) {
  Rooms rooms;
  for (const std::string_view line : lines_of(text)) {
    const std::size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos) {
      continue;
    }
    const std::string room(line.substr(0, colon));
    std::istringstream words{std::string(line.substr(colon + 1))};
    std::set<std::string>& allowed = rooms.may_use[room];
    for (std::string word; words >> word;) {
      if (word != "*" && !rooms.rank.contains(word)) {
        throw std::runtime_error(
            fmt::format("rooms.txt: {} may use {}, which stands not above it", room, word));
      }
      allowed.insert(word);
    }
    rooms.rank.emplace(room, rooms.rank.size());
  }
  return rooms;
}

bool Exception::covers(const Finding& finding) const {
  return rule == finding.rule &&
         (path == finding.path || (path.ends_with('/') && finding.path.starts_with(path)));
}

std::vector<Exception> parse_exceptions(std::string_view text) {
  std::vector<Exception> exceptions;
  for (const std::string_view line : lines_of(text)) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    std::istringstream words{std::string(line)};
    Exception exception;
    std::string reason;
    if (!(words >> exception.rule >> exception.path >> reason)) {
      throw std::runtime_error(fmt::format("exceptions.txt: no reason is given: {}", line));
    }
    exceptions.push_back(std::move(exception));
  }
  return exceptions;
}

std::vector<Finding> check_sizes(const Source& source) {
  std::vector<Finding> findings;
  const auto lines = lines_of(source.text);
  const std::size_t limit = is_header(source.path) ? kHeaderLinesMax : kSourceLinesMax;
  if (lines.size() > limit) {
    findings.push_back(
        {"file-length", source.path, limit,
         fmt::format("{} lines, {} at most; split it by concept", lines.size(), limit)});
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const std::size_t columns = columns_of(lines[i]); columns > kColumnsMax) {
      findings.push_back({"line-length", source.path, i + 1,
                          fmt::format("{} columns, {} at most", columns, kColumnsMax)});
    }
  }
  if (is_cpp(source.path)) {
    for (const Function& function : functions_of(source)) {
      const std::size_t length = function.last_line - function.first_line + 1;
      if (length > kFunctionLinesMax) {
        findings.push_back({"function-length", source.path, function.first_line,
                            fmt::format("{} lines, {} at most: {}", length, kFunctionLinesMax,
                                        function.signature)});
      }
    }
  }
  return findings;
}

std::vector<Finding> check_form(const Source& source) {
  std::vector<Finding> findings;
  const auto lines = lines_of(source.text);
  const auto add = [&](std::string_view rule, std::size_t line, std::string_view message) {
    findings.push_back({std::string(rule), source.path, line, std::string(message)});
  };
  const auto has_spdx = [](std::string_view line) {
    return line.contains("SPDX-License-Identifier: Apache-2.0");
  };
  // A script's first line is its interpreter.
  if (std::ranges::none_of(lines.begin(),
                           lines.begin() + std::min<std::ptrdiff_t>(2, std::ssize(lines)),
                           has_spdx)) {
    add("spdx", 1, "the file begins with: SPDX-License-Identifier: Apache-2.0");
  }
  if (source.path.ends_with(".hpp") && !source.text.contains("\n#pragma once\n")) {
    add("pragma-once", 1, "a header needs #pragma once");
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].contains('\r')) {
      add("whitespace", i + 1, "a carriage return; lines end with a newline alone");
    } else if (lines[i].contains('\t')) {
      add("whitespace", i + 1, "a tab; indent with spaces, write \\t in literals");
    } else if (lines[i].ends_with(' ')) {
      add("whitespace", i + 1, "spaces at the end of the line");
    }
  }
  if (!source.text.empty() && !source.text.ends_with('\n')) {
    add("whitespace", lines.size(), "the last line has no newline");
  }
  return findings;
}

std::vector<Finding> check_tokens(const Source& source) {
  std::vector<Finding> findings;
  const auto add = [&](const Banned& ban, std::size_t line) {
    findings.push_back({std::string(ban.rule), source.path, line,
                        fmt::format("{} is banned here; use {}", ban.token, ban.instead)});
  };
  for (const Banned& ban : banned()) {
    const bool holds = ban.only_in.empty() || starts_with_any(source.path, ban.only_in);
    const bool free_test = ban.tests == Tests::Free && is_test(source.path);
    if (!holds || free_test || starts_with_any(source.path, ban.except_in)) {
      continue;
    }
    if (ban.where == Where::Include) {
      for (const Include& include : source.includes) {
        if (include.name == ban.token) {
          add(ban, include.line);
        }
      }
      continue;
    }
    const std::string& text = ban.where == Where::Code ? source.code : source.text;
    for (std::size_t at = find_token(text, ban.token, 0); at != std::string::npos;
         at = find_token(text, ban.token, at + 1)) {
      // A note with an issue is the replacement itself.
      if (ban.rule != "todo" || !std::string_view(text).substr(at).starts_with("TODO(#")) {
        add(ban, line_at(text, at));
      }
    }
  }
  return findings;
}

std::vector<Finding> check_includes(const Source& source, const Rooms& rooms) {
  std::vector<Finding> findings;
  constexpr std::string_view kRoot = "src/";
  if (!source.path.starts_with(kRoot) || !is_cpp(source.path)) {
    return findings;
  }
  const std::string from = folder_of(std::string_view(source.path).substr(kRoot.size()));
  // The program sees the command line and the processes that the node starts of itself.
  if (source.path == "src/main.cpp") return findings;
  if (from.empty() || !rooms.rank.contains(room_of(from))) {
    findings.push_back({"include", source.path, 1, "its folder is not in tests/style/rooms.txt"});
    return findings;
  }
  for (const Include& include : source.includes) {
    // The header of the Rust library's C ABI is native's alone.
    const bool c_abi = include.name.starts_with("\"skrei_") && room_of(from) == "native";
    if (!include.name.starts_with('"') || c_abi) {
      continue;
    }
    const std::string to = folder_of(include.name.substr(1, include.name.size() - 2));
    if (to.empty() || !rooms.rank.contains(room_of(to))) {
      findings.push_back({"include", source.path, include.line,
                          fmt::format("{}: includes begin with a room of src/", include.name)});
    } else if (!may_include(rooms, from, to, is_test(source.path))) {
      findings.push_back(
          {"include", source.path, include.line,
           fmt::format("{} must not include from {}; see tests/style/rooms.txt", from, to)});
    }
  }
  return findings;
}

std::vector<Finding> check(const Source& source, const Rooms& rooms) {
  std::vector<Finding> all = check_sizes(source);
  const auto append = [&all](std::vector<Finding> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  };
  append(check_form(source));
  if (is_cpp(source.path)) {
    append(check_tokens(source));
  }
  append(check_includes(source, rooms));
  return all;
}

}  // namespace skrei::style
