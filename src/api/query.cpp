// SPDX-License-Identifier: Apache-2.0
#include "api/query.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "jobstore/query.hpp"

namespace skrei::api {

std::string text_param(const http::Request& request, std::string_view name) {
  return std::string(request.query.get(name).value_or(""));
}

Result<bool> bool_param(const http::Request& request, std::string_view name, bool if_unset) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "True", "TRUE"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "False", "FALSE"};
  const std::string text = text_param(request, name);
  if (text.empty()) return if_unset;
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  return fail(Code::InvalidArgument, "query parameter {}={:?}: write true or false", name, text);
}

Result<std::optional<std::uint64_t>> number_param(const http::Request& request,
                                                  std::string_view name) {
  const std::string text = text_param(request, name);
  if (text.empty()) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::InvalidArgument, "query parameter {}={:?}: write a whole number from 0 on",
                name, text);
  }
  return number;
}

Result<std::size_t> limit_param(const http::Request& request, std::size_t if_unset) {
  TRY_ASSIGN(const auto number, number_param(request, "limit"));
  if (!number || *number == 0) return if_unset;
  return std::min<std::size_t>(*number, jobstore::kPageSizeMax);
}

Result<std::vector<model::Constraint>> labels_param(const http::Request& request) {
  std::vector<model::Constraint> all;
  for (const std::string_view text : request.query.get_all("labels")) {
    TRY_ASSIGN(auto constraints,
               with_context(model::parse_selector(text), "query parameter labels"));
    all.insert(all.end(), constraints.begin(), constraints.end());
  }
  return all;
}

Result<std::optional<std::uint64_t>> version_param(const http::Request& request) {
  TRY_ASSIGN(auto version, number_param(request, "job_version"));
  if (version == 0) version.reset();
  return version;
}

}  // namespace skrei::api
