// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace skrei::model {

/// RFC 3339 in UTC, with as many digits of the second as are needed: "2026-08-01T10:00:00.1Z".
std::string format_time(WallTime time);
/// Any offset; at most nanoseconds. InvalidArgument outside the years 1678–2261.
Result<WallTime> parse_time(std::string_view text);

/// Go's form of a duration: "1h30m0s", "250ms", "0s".
std::string format_duration(Duration duration);
/// "30s", "1h30m", "1.5h", "-5m", "0". InvalidArgument says what a duration looks like.
Result<Duration> parse_duration(std::string_view text);

}  // namespace skrei::model
