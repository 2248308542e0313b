// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"

// How people name a job, the same for every driver (JobStore::find_job).
namespace skrei::jobstore {

/// Of lists: empty or "*" lists all.
inline bool is_any_namespace(std::string_view namespace_) {
  return namespace_.empty() || namespace_ == "*";
}

/// Of names of single jobs: where a name is looked up when nothing is said.
inline std::string_view namespace_of_names(std::string_view namespace_) {
  return namespace_.empty() ? std::string_view("default") : namespace_;
}

/// "job j-1 has no version 7".
std::unexpected<Error> no_such_version(const JobId& id, std::optional<std::uint64_t> version);

/// The beginning of ids that `text` abbreviates: "1a2b3c4d" and "j-1a2b3c4d" give "j-1a2b3c4d".
/// Unset if it is shorter than 8 characters or has others than an id's.
std::optional<std::string> id_prefix(std::string_view text);

/// As many candidates as an error message lists, and one more.
inline constexpr std::size_t kCandidatesMax = 6;

/// The one id that begins with what the user wrote as `name`; NotFound for none, InvalidArgument
/// for several.
Result<std::string> only_candidate(std::string_view name,
                                   const std::vector<std::string>& candidates);

}  // namespace skrei::jobstore
