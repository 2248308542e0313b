// SPDX-License-Identifier: Apache-2.0
#include "publisher/publisher.hpp"

#include <fmt/ranges.h>

namespace skrei::publisher {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

void Publishers::add(std::string kind, Publisher& driver) {
  drivers_[lower_case(kind)] = &driver;
}

Result<Publisher*> Publishers::find(std::string_view kind) const {
  const auto found = drivers_.find(lower_case(kind));
  if (found != drivers_.end()) return found->second;
  return fail(Code::InvalidArgument, "publisher \"{}\" is not supported here; use one of: {}",
              to_valid_utf8(kind), fmt::join(kinds(), ", "));
}

std::vector<std::string> Publishers::kinds() const {
  std::vector<std::string> kinds;
  for (const auto& [kind, driver] : drivers_)
    kinds.push_back(kind);
  return kinds;
}

std::vector<Publisher*> Publishers::all() const {
  std::vector<Publisher*> all;
  for (const auto& [kind, driver] : drivers_)
    all.push_back(driver);
  return all;
}

}  // namespace skrei::publisher
