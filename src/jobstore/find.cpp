// SPDX-License-Identifier: Apache-2.0
#include "jobstore/find.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace skrei::jobstore {

std::optional<std::string> id_prefix(std::string_view text) {
  if (text.starts_with("j-")) text.remove_prefix(2);
  const auto of_an_id = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
  };
  if (text.size() < 8 || !std::all_of(text.begin(), text.end(), of_an_id)) return std::nullopt;
  return fmt::format("j-{}", text);
}

std::unexpected<Error> no_such_version(const JobId& id, std::optional<std::uint64_t> version) {
  if (!version) return fail(Code::NotFound, "job not found: {}", id);
  return fail(Error{Code::NotFound, fmt::format("job {} has no version {}", id, *version),
                    "`skrei job versions` shows the versions of a job"});
}

Result<std::string> only_candidate(std::string_view name,
                                   const std::vector<std::string>& candidates) {
  if (candidates.empty()) {
    return fail(Error{Code::NotFound, fmt::format("job not found: {}", name),
                      "`skrei job list` shows the jobs of this node"});
  }
  if (candidates.size() > 1) {
    return fail(Code::InvalidArgument,
                "{:?} is the beginning of several job ids: {}{}; write more of it", name,
                fmt::join(candidates.begin(),
                          candidates.begin() +
                              std::min<std::ptrdiff_t>(std::ssize(candidates), kCandidatesMax - 1),
                          ", "),
                candidates.size() == kCandidatesMax ? ", …" : "");
  }
  return candidates.front();
}

}  // namespace skrei::jobstore
