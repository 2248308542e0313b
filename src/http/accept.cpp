// SPDX-License-Identifier: Apache-2.0
#include "http/accept.hpp"

#include <algorithm>
#include <cctype>

#include "http/headers.hpp"

namespace skrei::http {
namespace {

constexpr int kWhole = 1000;

/// The part up to `separator`, which is taken off `rest`. Separators in quotes do not count.
std::string_view take_part(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (rest[at] == '"') quoted = !quoted;
    if (!quoted && rest[at] == separator) break;
  }
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trim_ows(part);
}

/// "0.5" is 500: at most three digits behind the point.
int weight_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return kWhole;
  int weight = text[0] == '1' ? kWhole : 0;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return kWhole;
  int unit = kWhole;
  for (const char c : text.substr(2)) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) return kWhole;
    unit /= 10;
    weight += (c - '0') * unit;
  }
  return std::min(weight, kWhole);
}

}  // namespace

std::optional<int> accept_weight(std::string_view accept, std::string_view media_type) {
  std::optional<int> weight;
  while (!accept.empty()) {
    std::string_view range = take_part(accept, ',');
    if (!iequals(take_part(range, ';'), media_type)) continue;
    int own = kWhole;
    while (!range.empty()) {
      std::string_view value = take_part(range, ';');
      if (iequals(take_part(value, '='), "q")) own = weight_of(trim_ows(value));
    }
    weight = std::max(weight.value_or(0), own);
  }
  return weight;
}

}  // namespace skrei::http
