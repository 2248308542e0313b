// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "json/json.hpp"
#include "json/yaml.hpp"

namespace skrei::cli {
namespace {

constexpr std::size_t kCellWidth = 64;

/// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// One line of printable text: control characters would move the cursor of a terminal.
std::string printable(std::string_view text) {
  std::string clean = to_valid_utf8(text);
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return clean;
}

std::string cut_to(std::string text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::size_t bytes = 0;
  for (std::size_t columns = 0; bytes < text.size(); ++bytes) {
    const bool starts = (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80;
    if (starts && ++columns == width) break;
  }
  return text.substr(0, bytes) + "…";
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += ',';
    line += csv_cell(to_valid_utf8(cell));
  }
  return line + "\r\n";
}

}  // namespace

void OutputFlags::declare(Options& options) {
  options.choice("--output", format, {"table", "wide", "json", "yaml", "csv", "id"},
                 "How the result is printed");
  options.flag("--hide-header", hide_header, "No line of titles");
  options.flag("--wide", wide, "Cut nothing (as --output wide)");
}

OutputFormat OutputFlags::chosen() const {
  if (format == "json") return OutputFormat::Json;
  if (format == "yaml") return OutputFormat::Yaml;
  if (format == "csv") return OutputFormat::Csv;
  if (format == "id") return OutputFormat::Id;
  return wide || format == "wide" ? OutputFormat::Wide : OutputFormat::Table;
}

void DescribeFlags::declare(Options& options) {
  options.choice("--output", format, {"text", "json", "yaml"}, "How the result is printed");
}

bool DescribeFlags::print(Io& io, const json::Value& value) const {
  if (is_text()) return false;
  io.line(format == "json" ? to_json_text(value) : to_yaml_text(value));
  return true;
}

void print_list(Io& io, const OutputFlags& flags, const std::vector<std::string>& titles,
                const std::vector<Row>& rows, const json::Value& items) {
  switch (flags.chosen()) {
    case OutputFormat::Json:
      io.line(to_json_text(items));
      return;
    case OutputFormat::Yaml:
      io.line(to_yaml_text(items));
      return;
    case OutputFormat::Csv:
      io.write(render_csv(titles, rows, !flags.hide_header));
      return;
    case OutputFormat::Id:
      for (const Row& row : rows)
        io.line(row.id);
      return;
    case OutputFormat::Wide:
      io.write(render_table(titles, rows, std::string::npos, !flags.hide_header));
      return;
    case OutputFormat::Table:
      io.write(render_table(titles, rows, kCellWidth, !flags.hide_header));
      return;
  }
}

std::string to_json_text(const json::Value& value) {
  return json::dump(value, json::Layout::Indented);
}

std::string to_yaml_text(const json::Value& value) {
  std::string text = json::dump_yaml(value);
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

std::string render_table(const std::vector<std::string>& titles, const std::vector<Row>& rows,
                         std::size_t cell_width_max, bool header) {
  std::vector<std::vector<std::string>> lines;
  if (header) lines.push_back(titles);
  for (const Row& row : rows) {
    auto& line = lines.emplace_back();
    for (const std::string& cell : row.cells) {
      line.push_back(cut_to(printable(cell), cell_width_max));
    }
  }
  std::vector<std::size_t> widths(titles.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string text;
  for (const auto& line : lines) {
    std::string rendered;
    for (std::size_t i = 0; i < line.size(); ++i) {
      rendered += line[i];
      if (i + 1 < line.size()) rendered.append(widths[i] - width_of(line[i]) + 2, ' ');
    }
    rendered.erase(rendered.find_last_not_of(' ') + 1);
    text += rendered + "\n";
  }
  return text;
}

std::string render_csv(const std::vector<std::string>& titles, const std::vector<Row>& rows,
                       bool header) {
  std::string text;
  if (header) text += csv_line(titles);
  for (const Row& row : rows)
    text += csv_line(row.cells);
  return text;
}

std::string short_id(std::string_view id) {
  const std::size_t prefix = id.size() > 2 && id[1] == '-' ? 2 : 0;
  return std::string(id.substr(0, prefix + 8));
}

}  // namespace skrei::cli
