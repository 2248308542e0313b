// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/io.hpp"
#include "cli/options.hpp"
#include "json/json_fwd.hpp"

namespace skrei::cli {

enum class OutputFormat {
  Table,  ///< Columns, long cells cut.
  Wide,   ///< Columns, nothing cut.
  Json,   ///< What the API gave.
  Yaml,   ///< The same.
  Csv,    ///< RFC 4180, with a header line.
  Id,     ///< One id a line.
};

/// The --output family of flags.
struct OutputFlags {
  std::string format = "table";
  bool hide_header = false;
  bool wide = false;

  void declare(Options& options);
  OutputFormat chosen() const;
};

/// The --output flag of a command that tells of one thing: words for people unless asked otherwise.
struct DescribeFlags {
  std::string format = "text";

  void declare(Options& options);
  bool is_text() const { return format == "text"; }
  /// Prints `value` as JSON or YAML; false, and nothing, if text is wanted.
  bool print(Io& io, const json::Value& value) const;
};

struct Row {
  std::string id;
  std::vector<std::string> cells;
};

/// Prints a list. `items` is the list as the API gave it. Cells may hold any bytes: what is not
/// printable is replaced.
void print_list(Io& io, const OutputFlags& flags, const std::vector<std::string>& titles,
                const std::vector<Row>& rows, const json::Value& items);

/// A value as indented JSON, or as YAML.
std::string to_json_text(const json::Value& value);
std::string to_yaml_text(const json::Value& value);

/// Columns with two spaces between them, each line without trailing spaces.
std::string render_table(const std::vector<std::string>& titles, const std::vector<Row>& rows,
                         std::size_t cell_width_max, bool header);
std::string render_csv(const std::vector<std::string>& titles, const std::vector<Row>& rows,
                       bool header);

/// "j-1a2b3c4d" of a whole id.
std::string short_id(std::string_view id);

}  // namespace skrei::cli
