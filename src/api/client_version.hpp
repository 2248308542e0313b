// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"
#include "model/build_version.hpp"

namespace skrei::api {

/// The oldest client that v1.9.3 serves.
inline constexpr std::string_view kClientVersionMin = "v1.4.0";

/// The refusal, in v1.9.3's own shapes, of a client whose X-Bacalhau-Git-Version is too old (403)
/// or no version (400). Nothing for all others, also those that do not say it.
std::optional<http::Response> refuse_client(const http::Request& request,
                                            std::string_view server_version);

/// What v1.9.3's clients read on every answer: X-Bacalhau-Git-Version and the like.
http::Headers version_headers(const model::BuildVersion& version);

}  // namespace skrei::api
