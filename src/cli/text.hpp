// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

// How values look to people.

namespace skrei::cli {

/// "2026-08-01 10:00:00" in local time; empty for a time that has never been.
std::string time_text(WallTime time);
/// "2026-08-01 10:00:00.123".
std::string precise_time_text(WallTime time);
/// "850 ms", "12.3 s", "4 min 05 s", "2 h 10 min".
std::string span_text(Duration span);
/// "12 B", "1.5 KiB", "3.2 GiB".
std::string size_text(std::uint64_t bytes);
/// "1 file", "3 files".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

}  // namespace skrei::cli
