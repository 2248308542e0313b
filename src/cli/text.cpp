// SPDX-License-Identifier: Apache-2.0
#include "cli/text.hpp"

#include <array>
#include <ctime>

#include <fmt/format.h>

namespace skrei::cli {

std::string time_text(WallTime time) {
  const std::string precise = precise_time_text(time);
  return precise.substr(0, precise.find('.'));
}

std::string precise_time_text(WallTime time) {
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  if (millis <= 0) return "";
  const std::time_t seconds = millis / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     millis % 1000);
}

std::string span_text(Duration span) {
  const double seconds = std::chrono::duration<double>(span).count();
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (whole < 60) return fmt::format("{:.1f} s", seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace skrei::cli
