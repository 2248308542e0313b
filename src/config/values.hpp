// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "json/json_fwd.hpp"

// The text of a setting's value, kind by kind. For the sources of this room.

namespace skrei::config {

/// "true", "false", and as Go reads them: 1, 0, t, f, any case.
Result<bool> parse_bool(std::string_view text);
Result<std::int64_t> parse_whole(std::string_view text);
Result<Duration> parse_time_span(std::string_view text);
/// Bytes; empty is 0.
Result<std::uint64_t> parse_size(std::string_view text);
Result<Share> parse_share(Kind kind, std::string_view text);
/// Parts between commas, trimmed; empty text is no part.
Result<std::vector<std::string>> parse_list(std::string_view text);
Result<model::StringMap> parse_map(std::string_view text);

/// The text of a value in a file: scalars as they are, lists and maps with commas.
Result<std::string> text_of(const Setting& setting, const json::Value& value);

}  // namespace skrei::config
