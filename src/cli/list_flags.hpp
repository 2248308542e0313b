// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "cli/api_client.hpp"
#include "cli/output.hpp"

namespace skrei::cli {

/// How much of a list is wanted, and from where on.
struct ListFlags {
  std::int64_t limit = 10;
  bool all = false;
  std::string next_token;

  void declare(Options& options);
  void add_to(ListQuery& query) const;
};

/// Prints a list that ListQuery fetched: {"Items": […], "NextToken": "…"}. Below a table it says
/// how to go on.
void print_page(Io& io, const OutputFlags& output, const std::vector<std::string>& titles,
                const std::vector<Row>& rows, const json::Value& page);

}  // namespace skrei::cli
