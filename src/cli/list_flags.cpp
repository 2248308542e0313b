// SPDX-License-Identifier: Apache-2.0
#include "cli/list_flags.hpp"

#include <fmt/format.h>

#include "json/json.hpp"

namespace skrei::cli {

void ListFlags::declare(Options& options) {
  options.number("-n,--limit", limit, 1, 1'000'000, "At most so many");
  options.flag("--all", all, "All there are");
  options.value("--next-token", next_token, "TOKEN", "Where an earlier list ended");
}

void ListFlags::add_to(ListQuery& query) const {
  query.limit = all ? std::size_t{1} << 40 : static_cast<std::size_t>(limit);
  query.next_token = next_token;
}

void print_page(Io& io, const OutputFlags& output, const std::vector<std::string>& titles,
                const std::vector<Row>& rows, const json::Value& page) {
  print_list(io, output, titles, rows, page["Items"]);
  const std::string next = page["NextToken"];
  const OutputFormat format = output.chosen();
  const bool is_table = format == OutputFormat::Table || format == OutputFormat::Wide;
  if (!next.empty() && is_table) {
    io.say(fmt::format("There are more: --all, or --next-token {}", next));
  }
}

}  // namespace skrei::cli
