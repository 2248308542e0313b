// SPDX-License-Identifier: Apache-2.0
#include "model/resources.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/nearest_word.hpp"

namespace skrei::model {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  return a > kMax - b ? kMax : a + b;
}
std::uint64_t subtract(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A decimal without sign as digits · 10^-scale, and what stands behind it.
struct Decimal {
  unsigned __int128 digits = 0;
  int scale = 0;
  std::string_view unit;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal result;
  bool dot = false;
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !dot) {
      dot = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') break;
    if (++count > 24) return std::nullopt;
    result.digits = result.digits * 10 + static_cast<unsigned>(text[i] - '0');
    if (dot) ++result.scale;
  }
  if (count == 0) return std::nullopt;
  result.unit = trim(text.substr(i));
  // An exponent is digits behind the letter: "1e9", but not "1E", which is exa.
  if (result.unit.size() > 1 && (result.unit[0] == 'e' || result.unit[0] == 'E')) {
    int exponent = 0;
    const std::size_t plus = result.unit[1] == '+' ? 1 : 0;
    const char* end = result.unit.data() + result.unit.size();
    const auto [stop, error] = std::from_chars(result.unit.data() + 1 + plus, end, exponent);
    if (error == std::errc() && stop == end && std::abs(exponent) <= 24) {
      result.scale -= exponent;
      result.unit = {};
    }
  }
  return result;
}

// digits · factor · 10^-scale, rounded up; nothing if it passes 64 bits.
std::optional<std::uint64_t> scale_up(const Decimal& decimal, std::uint64_t factor) {
  using Wide = unsigned __int128;
  constexpr Wide wide_max = ~Wide{0};
  if (factor != 0 && decimal.digits > wide_max / factor) return std::nullopt;
  Wide value = decimal.digits * factor;
  for (int i = 0; i < -decimal.scale; ++i) {
    if (value > wide_max / 10) return std::nullopt;
    value *= 10;
  }
  bool rest = false;
  for (int i = 0; i < decimal.scale; ++i) {
    rest = rest || value % 10 != 0;
    value /= 10;
  }
  value += rest ? 1 : 0;
  if (value > kMax) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 13> kByteUnits{{{"", 1},
                                           {"k", 1'000},
                                           {"m", 1'000'000},
                                           {"g", 1'000'000'000},
                                           {"t", 1'000'000'000'000},
                                           {"p", 1'000'000'000'000'000},
                                           {"e", 1'000'000'000'000'000'000},
                                           {"ki", 1ULL << 10},
                                           {"mi", 1ULL << 20},
                                           {"gi", 1ULL << 30},
                                           {"ti", 1ULL << 40},
                                           {"pi", 1ULL << 50},
                                           {"ei", 1ULL << 60}}};

Error bad_amount(std::string_view what, std::string_view text, std::string_view example) {
  return {Code::InvalidArgument,
          fmt::format("{} \"{}\" is not an amount; write {}", what, text, example)};
}

// Adds one amount to `out`, or its error to `errors`.
template <class Parse>
void take(Parse parse, const std::string& text, std::uint64_t& out, std::string& errors) {
  if (text.empty()) return;
  auto amount = parse(text);
  if (amount) {
    out = *amount;
    return;
  }
  if (!errors.empty()) errors += '\n';
  errors += amount.error().message;
}

}  // namespace

bool Resources::is_zero() const {
  return cpu_millis == 0 && memory_bytes == 0 && disk_bytes == 0 && gpu == 0;
}

Resources operator+(const Resources& a, const Resources& b) {
  return {.cpu_millis = add(a.cpu_millis, b.cpu_millis),
          .memory_bytes = add(a.memory_bytes, b.memory_bytes),
          .disk_bytes = add(a.disk_bytes, b.disk_bytes),
          .gpu = add(a.gpu, b.gpu),
          .gpus = a.gpus};
}

Resources operator-(const Resources& a, const Resources& b) {
  return {.cpu_millis = subtract(a.cpu_millis, b.cpu_millis),
          .memory_bytes = subtract(a.memory_bytes, b.memory_bytes),
          .disk_bytes = subtract(a.disk_bytes, b.disk_bytes),
          .gpu = subtract(a.gpu, b.gpu),
          .gpus = a.gpus};
}

bool fits(const Resources& need, const Resources& room) {
  return need.cpu_millis <= room.cpu_millis && need.memory_bytes <= room.memory_bytes &&
         need.disk_bytes <= room.disk_bytes && need.gpu <= room.gpu;
}

std::string explain_misfit(const Resources& need, const Resources& room) {
  std::string result;
  const auto line = [&](std::string_view what, std::string_view asked, std::string_view most) {
    if (!result.empty()) result += "; ";
    result += fmt::format("{}: asked {}, at most {}", what, asked, most);
  };
  if (need.cpu_millis > room.cpu_millis) {
    line("cpu", fmt::format("{}m", need.cpu_millis), fmt::format("{}m", room.cpu_millis));
  }
  if (need.memory_bytes > room.memory_bytes) {
    line("memory", format_byte_size(need.memory_bytes), format_byte_size(room.memory_bytes));
  }
  if (need.disk_bytes > room.disk_bytes) {
    line("disk", format_byte_size(need.disk_bytes), format_byte_size(room.disk_bytes));
  }
  if (need.gpu > room.gpu) line("gpu", std::to_string(need.gpu), std::to_string(room.gpu));
  return result;
}

Result<std::uint64_t> parse_cpu(std::string_view text) {
  const Error bad = bad_amount("CPU", text, "cores (\"2\", \"0.5\") or thousandths (\"500m\")");
  const auto decimal = parse_decimal(trim(text));
  if (!decimal) return fail(bad);
  std::optional<std::uint64_t> millis;
  if (decimal->unit.empty()) millis = scale_up(*decimal, 1'000);
  if (decimal->unit == "m") millis = scale_up(*decimal, 1);
  if (decimal->unit == "k") millis = scale_up(*decimal, 1'000'000);
  if (!millis) return fail(bad);
  return *millis;
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  const Error bad = bad_amount("size", text, "bytes, \"512MB\", \"512Mi\" or \"1.5GiB\"");
  const auto decimal = parse_decimal(trim(text));
  if (!decimal) return fail(bad);
  std::string unit = ascii_lower(decimal->unit);
  if (unit.ends_with('b')) unit.pop_back();
  for (const Unit& known : kByteUnits) {
    if (known.name != unit) continue;
    const auto bytes = scale_up(*decimal, known.factor);
    if (!bytes) break;
    return *bytes;
  }
  return fail(bad);
}

Result<std::uint64_t> parse_gpu(std::string_view text) {
  const std::string_view digits = trim(text);
  std::uint64_t count = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, count);
  if (error != std::errc() || stop != end || digits.empty()) {
    return fail(bad_amount("GPU", text, "a whole number (\"1\")"));
  }
  return count;
}

Result<Resources> parse_resources(const ResourcesSpec& spec) {
  Resources result;
  std::string errors;
  take(parse_cpu, spec.cpu, result.cpu_millis, errors);
  take([](std::string_view text) { return with_context(parse_byte_size(text), "memory"); },
       spec.memory, result.memory_bytes, errors);
  take([](std::string_view text) { return with_context(parse_byte_size(text), "disk"); }, spec.disk,
       result.disk_bytes, errors);
  take(parse_gpu, spec.gpu, result.gpu, errors);
  if (!errors.empty()) return fail(Error{Code::InvalidArgument, errors});
  return result;
}

std::string format_byte_size(std::uint64_t bytes) {
  static constexpr std::array<Unit, 6> kDecimal{{{"B", 1},
                                                 {"kB", 1'000},
                                                 {"MB", 1'000'000},
                                                 {"GB", 1'000'000'000},
                                                 {"TB", 1'000'000'000'000},
                                                 {"PB", 1'000'000'000'000'000}}};
  static constexpr std::array<Unit, 5> kBinary{{{"KiB", 1ULL << 10},
                                                {"MiB", 1ULL << 20},
                                                {"GiB", 1ULL << 30},
                                                {"TiB", 1ULL << 40},
                                                {"PiB", 1ULL << 50}}};
  // The largest unit in which the amount is exact; else the largest decimal one, rounded.
  Unit exact = kDecimal.front();
  Unit nearest = kDecimal.front();
  const auto is_exact = [&](const Unit& unit) {
    return bytes >= unit.factor && static_cast<unsigned __int128>(bytes) * 10 % unit.factor == 0;
  };
  for (const Unit& unit : kBinary) {
    if (is_exact(unit)) exact = unit;
  }
  for (const Unit& unit : kDecimal) {
    if (is_exact(unit) && unit.factor > exact.factor) exact = unit;
    if (bytes >= unit.factor) nearest = unit;
  }
  const Unit& unit = exact.factor > 1 ? exact : nearest;
  const double amount = static_cast<double>(bytes) / static_cast<double>(unit.factor);
  const double rounded = std::round(amount * 10) / 10;
  return rounded == std::floor(rounded) ? fmt::format("{:.0f}{}", rounded, unit.name)
                                        : fmt::format("{:.1f}{}", rounded, unit.name);
}

std::string to_string(const Resources& resources) {
  return fmt::format("cpu {}m, memory {}, disk {}, gpu {}", resources.cpu_millis,
                     format_byte_size(resources.memory_bytes),
                     format_byte_size(resources.disk_bytes), resources.gpu);
}

}  // namespace skrei::model
