// SPDX-License-Identifier: Apache-2.0
// set_in_file(): edits lines, not values, so that what people wrote stays theirs. The result is
// believed only after it was parsed and compared.

#include <algorithm>

#include "base/nearest_word.hpp"
#include "config/config.hpp"
#include "config/values.hpp"
#include "json/json.hpp"
#include "json/yaml.hpp"

namespace skrei::config {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool is_content(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t\r");
  if (start == std::string_view::npos || line[start] == '#') return false;
  return !line.starts_with("---") && !line.starts_with("...") && !line.starts_with('%');
}

/// A line "key: value", cut up.
struct Entry {
  std::size_t line = 0;
  std::size_t indent = 0;
  std::string key;
  /// Where the value begins, or the end of the line.
  std::size_t value_at = 0;
};

/// Keys as people write them here: plain or quoted, without escapes.
std::optional<Entry> entry_of(std::string_view line, std::size_t number) {
  Entry entry{.line = number, .indent = indent_of(line)};
  std::string_view rest = line.substr(entry.indent);
  const char quote = rest.starts_with('"') ? '"' : rest.starts_with('\'') ? '\'' : '\0';
  std::size_t colon = 0;
  if (quote != '\0') {
    const std::size_t end = rest.find(quote, 1);
    if (end == std::string_view::npos || rest.substr(end + 1, 1) != ":") return std::nullopt;
    entry.key = rest.substr(1, end - 1);
    colon = end + 1;
  } else {
    colon = rest.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    entry.key = rest.substr(0, colon);
  }
  const std::string_view after = rest.substr(colon + 1);
  if (!after.empty() && after[0] != ' ' && after[0] != '\r') return std::nullopt;
  const std::size_t value = after.find_first_not_of(" \r");
  entry.value_at = value == std::string_view::npos ? line.size() : entry.indent + colon + 1 + value;
  return entry;
}

/// The comment behind a value on its line, with the spaces before it; empty without one.
std::string comment_behind(std::string_view value) {
  char quote = '\0';
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (quote != '\0') {
      if (value[i] == quote) quote = '\0';
    } else if ((value[i] == '"' || value[i] == '\'') && (i == 0 || value[0] == '[')) {
      quote = value[i];
    } else if (value[i] == '#' && (i == 0 || value[i - 1] == ' ')) {
      const std::size_t end = value.substr(0, i).find_last_not_of(' ');
      return std::string(value.substr(end == std::string_view::npos ? i : end + 1));
    }
  }
  return "";
}

class Editor {
 public:
  Editor(std::string_view text, std::string value) : value_(std::move(value)) {
    ends_ = text.contains("\r\n") ? "\r\n" : "\n";
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      lines_.emplace_back(line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::string set(std::string_view key) {
    set_within(0, lines_.size(), std::nullopt, key);
    std::string text;
    for (const std::string& line : lines_)
      text += line + ends_;
    return text;
  }

 private:
  /// Sets `key` in the map on the lines [begin, end), which stands below a line with that indent.
  void set_within(std::size_t begin, std::size_t end, std::optional<std::size_t> parent_indent,
                  std::string_view key) {
    const std::optional<std::size_t> indent = indent_within(begin, end);
    for (std::size_t i = begin; indent && i < end; ++i) {
      if (!is_content(lines_[i]) || indent_of(lines_[i]) != *indent) continue;
      const auto entry = entry_of(lines_[i], i);
      if (!entry) continue;
      const std::string_view head = key.substr(0, entry->key.size());
      if (!equal_ignoring_case(head, entry->key)) continue;
      const std::size_t below = end_of_value(*entry, end);
      if (head.size() == key.size()) return replace(*entry, below);
      if (key[head.size()] != '.') continue;
      if (!has_map_below(*entry)) continue;
      return set_within(i + 1, below, entry->indent, key.substr(head.size() + 1));
    }
    insert(begin, end, indent.value_or(parent_indent ? *parent_indent + 2 : 0), key);
  }

  std::optional<std::size_t> indent_within(std::size_t begin, std::size_t end) const {
    for (std::size_t i = begin; i < end; ++i) {
      if (is_content(lines_[i])) return indent_of(lines_[i]);
    }
    return std::nullopt;
  }

  /// The line behind all that belongs to the entry's value.
  std::size_t end_of_value(const Entry& entry, std::size_t end) const {
    std::size_t last = entry.line + 1;
    for (std::size_t i = last; i < end; ++i) {
      if (!is_content(lines_[i])) continue;
      const std::size_t indent = indent_of(lines_[i]);
      // A list may stand as deep as its key.
      const bool is_item = indent == entry.indent && lines_[i].substr(indent).starts_with("-");
      if (indent <= entry.indent && !is_item) break;
      last = i + 1;
    }
    return last;
  }

  bool has_map_below(const Entry& entry) const {
    const std::string_view value = std::string_view(lines_[entry.line]).substr(entry.value_at);
    return value.empty() || value.starts_with('#');
  }

  void replace(const Entry& entry, std::size_t below) {
    std::string& line = lines_[entry.line];
    const std::string comment = comment_behind(std::string_view(line).substr(entry.value_at));
    line = line.substr(0, line.find(':', entry.indent + entry.key.size()) + 1) + " " + value_;
    if (!comment.empty()) line += (comment.starts_with(' ') ? "" : "  ") + comment;
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(entry.line) + 1,
                 lines_.begin() + static_cast<std::ptrdiff_t>(below));
  }

  /// Behind the last line of the map that says something.
  void insert(std::size_t begin, std::size_t end, std::size_t indent, std::string_view key) {
    std::size_t at = end;
    while (at > begin && !is_content(lines_[at - 1]))
      --at;
    // A file of comments alone keeps them above.
    if (at == begin && begin == 0) at = end;
    std::vector<std::string> added;
    while (true) {
      const std::size_t dot = key.find('.');
      const std::string head(indent, ' ');
      if (dot == std::string_view::npos) {
        added.push_back(fmt::format("{}{}: {}", head, key, value_));
        break;
      }
      added.push_back(fmt::format("{}{}:", head, key.substr(0, dot)));
      key.remove_prefix(dot + 1);
      indent += 2;
    }
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at), added.begin(), added.end());
  }

  std::vector<std::string> lines_;
  std::string value_;
  std::string ends_;
};

/// All leaves by their whole key in lower case, so that nested and dotted keys are the same.
void flatten(const json::Value& tree, const std::string& prefix,
             std::map<std::string, json::Value>& into) {
  for (auto item = tree.begin(); item != tree.end(); ++item) {
    const std::string key = ascii_lower(prefix.empty() ? item.key() : prefix + "." + item.key());
    if (item.value().is_object() && find_setting(key) == nullptr) {
      flatten(item.value(), key, into);
    } else if (!item.value().is_null()) {
      into[key] = item.value();
    }
  }
}

Result<std::map<std::string, json::Value>> leaves_of(std::string_view text) {
  TRY_ASSIGN(const json::Value tree, json::parse_yaml(text, {.bytes_max = kFileBytesMax}));
  std::map<std::string, json::Value> leaves;
  if (tree.is_null()) return leaves;
  if (!tree.is_object()) {
    return fail(Code::InvalidArgument, "a configuration file is a map of settings");
  }
  flatten(tree, "", leaves);
  return leaves;
}

/// The value as YAML on one line: numbers and truth values plain, the rest quoted where it must be.
std::string yaml_text(const Setting& setting, std::string_view value) {
  if (setting.kind == Kind::Bool && (value == "true" || value == "false")) {
    return std::string(value);
  }
  if (setting.kind == Kind::Whole) {
    const auto number = parse_whole(value);
    if (number && std::to_string(*number) == value) return std::string(value);
  }
  if (value.contains('\n')) return json::dump(std::string(value));
  std::string text = json::dump_yaml(std::string(value));
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

}  // namespace

Result<std::string> set_in_file(std::string_view file_text, std::string_view key,
                                std::string_view value) {
  const Setting* setting = find_setting(key);
  if (setting == nullptr) return fail(unknown_key(key));
  TRY(check_value(*setting, value));
  TRY_ASSIGN(auto wanted, leaves_of(file_text));
  Editor editor(file_text, yaml_text(*setting, value));
  std::string text = editor.set(setting->key);

  const auto is = leaves_of(text);
  const std::string leaf = ascii_lower(setting->key);
  bool is_right = is && is->contains(leaf);
  if (is_right) {
    const auto held = text_of(*setting, is->at(leaf));
    is_right = held && *held == value;
    wanted[leaf] = is->at(leaf);
  }
  if (is_right && *is == wanted) return text;
  return fail(Error{Code::FailedPrecondition,
                    fmt::format("{} cannot be set without rewriting lines around it", setting->key),
                    "edit the file by hand, or write its maps with a line for each key"});
}

}  // namespace skrei::config
