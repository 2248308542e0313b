// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/request.hpp"
#include "model/labels.hpp"

namespace skrei::api {

// Query parameters as clients of v1.9.3 send them: an empty value means that it is not set.

std::string text_param(const http::Request& request, std::string_view name);

/// What Go's ParseBool takes: 1, t, T, true, True, TRUE and their opposites.
Result<bool> bool_param(const http::Request& request, std::string_view name, bool if_unset);

/// A whole number from 0 on.
Result<std::optional<std::uint64_t>> number_param(const http::Request& request,
                                                  std::string_view name);

/// `limit`, coerced into 1…kPageSizeMax; 0 and unset are `if_unset`.
Result<std::size_t> limit_param(const http::Request& request, std::size_t if_unset);

/// All `labels` parameters, each a selector.
Result<std::vector<model::Constraint>> labels_param(const http::Request& request);

/// `job_version`: unset or 0 gives nothing.
Result<std::optional<std::uint64_t>> version_param(const http::Request& request);

}  // namespace skrei::api
