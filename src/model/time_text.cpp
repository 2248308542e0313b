// SPDX-License-Identifier: Apache-2.0
#include "model/time_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace skrei::model {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::seconds;

// Reads fields of fixed width off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    const auto [stop, error] = std::from_chars(rest_.data(), rest_.data() + count, value);
    if (error != std::errc() || stop != rest_.data() + count || value < 0) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }
  bool one_of(std::string_view characters) {
    if (rest_.empty() || !characters.contains(rest_.front())) return false;
    last_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  char last() const { return last_; }
  bool at_end() const { return rest_.empty(); }

  // Digits behind the point, as nanoseconds.
  std::optional<Duration> fraction() {
    std::int64_t nanoseconds = 0;
    std::int64_t unit = 100'000'000;
    std::size_t count = 0;
    while (one_of("0123456789")) {
      if (++count > 9) return std::nullopt;
      nanoseconds += (last_ - '0') * unit;
      unit /= 10;
    }
    if (count == 0) return std::nullopt;
    return Duration(nanoseconds);
  }

 private:
  std::string_view rest_;
  char last_ = 0;
};

struct DurationUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longer names first: "ms" before "m".
constexpr std::array<DurationUnit, 7> kDurationUnits{{{"ns", 1},
                                                      {"us", 1'000},
                                                      {"µs", 1'000},
                                                      {"ms", 1'000'000},
                                                      {"s", 1'000'000'000},
                                                      {"m", 60'000'000'000},
                                                      {"h", 3'600'000'000'000}}};

constexpr double kNanosecondsMax = 9.2e18;

std::optional<WallTime> scan_time(std::string_view text) {
  Scanner scan(text);
  const auto year = scan.digits(4);
  const bool dash1 = scan.one_of("-");
  const auto month = scan.digits(2);
  const bool dash2 = scan.one_of("-");
  const auto day = scan.digits(2);
  const bool t = scan.one_of("Tt ");
  const auto hour = scan.digits(2);
  const bool colon1 = scan.one_of(":");
  const auto minute = scan.digits(2);
  const bool colon2 = scan.one_of(":");
  const auto second = scan.digits(2);
  if (!(year && month && day && hour && minute && second && dash1 && dash2 && t && colon1 &&
        colon2)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  Duration fraction{0};
  if (scan.one_of(".")) {
    const auto scanned = scan.fraction();
    if (!scanned) return std::nullopt;
    fraction = *scanned;
  }
  seconds offset{0};
  if (!scan.one_of("Zz")) {
    if (!scan.one_of("+-")) return std::nullopt;
    const int sign = scan.last() == '-' ? -1 : 1;
    const auto hours = scan.digits(2);
    const bool colon = scan.one_of(":");
    const auto minutes = scan.digits(2);
    if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = sign * (*hours * 3600s + *minutes * 60s);
  }
  if (!scan.at_end() || *year < 1678 || *year > 2261) return std::nullopt;
  const seconds since_epoch = std::chrono::sys_days(date).time_since_epoch() + *hour * 3600s +
                              *minute * 60s + *second * 1s - offset;
  return WallTime(duration_cast<Duration>(since_epoch) + fraction);
}

}  // namespace

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const Duration in_day = time - day;
  const auto whole = std::chrono::floor<seconds>(in_day);
  std::string fraction = fmt::format(".{:09}", (in_day - whole).count());
  while (fraction.ends_with('0'))
    fraction.pop_back();
  if (fraction == ".") fraction.clear();
  const auto count = whole.count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     count / 3600, count / 60 % 60, count % 60, fraction);
}

Result<WallTime> parse_time(std::string_view text) {
  if (const auto time = scan_time(text)) return *time;
  return fail(Code::InvalidArgument, "\"{}\" is not a time; write it as 2026-08-01T10:00:00Z",
              text);
}

std::string format_duration(Duration duration) {
  if (duration == 0ns) return "0s";
  const bool negative = duration < 0ns;
  // Unsigned, so that the smallest duration has a magnitude.
  const auto count = static_cast<std::uint64_t>(duration.count());
  std::uint64_t rest = negative ? ~count + 1 : count;
  const std::string sign = negative ? "-" : "";
  if (rest < 1'000) return fmt::format("{}{}ns", sign, rest);
  if (rest < 1'000'000) return fmt::format("{}{}µs", sign, static_cast<double>(rest) / 1e3);
  if (rest < 1'000'000'000) return fmt::format("{}{}ms", sign, static_cast<double>(rest) / 1e6);
  std::string result = sign;
  const std::uint64_t minutes = rest / 60'000'000'000;
  rest %= 60'000'000'000;
  if (minutes >= 60) result += fmt::format("{}h", minutes / 60);
  if (minutes > 0) result += fmt::format("{}m", minutes % 60);
  std::string part = fmt::format("{}.{:09}", rest / 1'000'000'000, rest % 1'000'000'000);
  while (part.ends_with('0'))
    part.pop_back();
  if (part.ends_with('.')) part.pop_back();
  return result + part + "s";
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = fail(Code::InvalidArgument,
                        "\"{}\" is not a duration; write \"30s\", \"1h30m\" or \"250ms\"", text);
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Duration(0);
  if (rest.empty()) return bad;
  std::int64_t total = 0;
  while (!rest.empty()) {
    const std::size_t length = std::min(rest.find_first_not_of("0123456789."), rest.size());
    double amount = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + length, amount);
    if (length == 0 || error != std::errc() || stop != rest.data() + length) return bad;
    std::int64_t whole = 0;
    const auto integer = std::from_chars(rest.data(), rest.data() + length, whole);
    const bool is_whole = integer.ec == std::errc() && integer.ptr == rest.data() + length;
    rest.remove_prefix(length);
    const DurationUnit* unit = nullptr;
    for (const DurationUnit& known : kDurationUnits) {
      if (unit == nullptr && rest.starts_with(known.name)) unit = &known;
    }
    if (unit == nullptr) return bad;
    rest.remove_prefix(unit->name.size());
    const double nanoseconds = amount * static_cast<double>(unit->nanoseconds);
    if (nanoseconds + static_cast<double>(total) > kNanosecondsMax) return bad;
    total += is_whole ? whole * unit->nanoseconds : static_cast<std::int64_t>(nanoseconds + 0.5);
  }
  return Duration(negative ? -total : total);
}

}  // namespace skrei::model
