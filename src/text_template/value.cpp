// SPDX-License-Identifier: Apache-2.0
#include "text_template/value.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace skrei::text_template {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

std::string_view kind_of(const Value& value) {
  constexpr std::array<std::string_view, 5> kKinds = {"a text", "a whole number", "a real number",
                                                      "a truth value", "the map of all values"};
  return kKinds[value.index()];
}

bool is_true(const Value& value) {
  return std::visit(
      Overloaded{[](const std::string& text) { return !text.empty(); },
                 [](std::int64_t number) { return number != 0; },
                 [](double number) { return number != 0; }, [](bool truth) { return truth; },
                 [](const Values* values) {
                   return !values->empty();
                 }},
      value);
}

std::string real_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 512> buffer{};
  const auto write = [&](std::chars_format format) {
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
    return std::string(buffer.data(), written.ptr);
  };
  std::string scientific = write(std::chars_format::scientific);
  int exponent = 0;
  const std::size_t mark = scientific.find('e');
  const char* digits = scientific.data() + mark + 1;
  if (*digits == '+') ++digits;
  std::from_chars(digits, scientific.data() + scientific.size(), exponent);
  constexpr int kFixedMin = -4;
  constexpr int kFixedEnd = 6;
  if (exponent < kFixedMin || exponent >= kFixedEnd) return scientific;
  return write(std::chars_format::fixed);
}

std::string to_text(const Value& value) {
  return std::visit(Overloaded{[](const std::string& text) { return text; },
                               [](std::int64_t number) { return std::to_string(number); },
                               [](double number) { return real_text(number); },
                               [](bool truth) { return std::string(truth ? "true" : "false"); },
                               [](const Values* values) {
                                 std::string text = "map[";
                                 for (const auto& [key, item] : *values) {
                                   if (text.back() != '[') text += ' ';
                                   text += key + ":" + item;
                                 }
                                 return text + "]";
                               }},
                    value);
}

}  // namespace skrei::text_template
