// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace skrei::http {

/// The weight (0…1000, RFC 9110 section 12.4.2) that an Accept header gives to a media type it
/// names; nothing if it names it only by a wildcard, or not at all. A weight that cannot be read
/// is 1000.
std::optional<int> accept_weight(std::string_view accept, std::string_view media_type);

}  // namespace skrei::http
