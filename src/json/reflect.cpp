// SPDX-License-Identifier: Apache-2.0
#include "json/reflect.hpp"

#include <algorithm>

#include "base/nearest_word.hpp"

namespace skrei::json {
namespace {

// Beyond this a double no longer holds every whole number.
constexpr double kExactMax = 9'007'199'254'740'992.0;

bool is_whole_float(const Value& value) {
  if (!value.is_number_float()) return false;
  const auto number = value.get<double>();
  return std::abs(number) <= kExactMax && std::floor(number) == number;
}

}  // namespace

std::string Reader::path() const {
  if (parent_ == nullptr) return {};
  std::string result = parent_->path();
  if (key_.data() == nullptr) return result + fmt::format("[{}]", index_);
  return result.empty() ? std::string(key_) : result + "." + std::string(key_);
}

std::unexpected<Error> Reader::fail(std::string_view message) const {
  const std::string at = path();
  return at.empty() ? skrei::fail(Code::InvalidArgument, "{}", message)
                    : skrei::fail(Code::InvalidArgument, "{}: {}", at, message);
}

std::unexpected<Error> Reader::fail_expected(std::string_view what, const Value& value) const {
  if (value.is_number()) return fail(fmt::format("expected {}, got {}", what, dump(value)));
  return fail(fmt::format("expected {}, got {} {}", what,
                          value.is_array() || value.is_object() ? "an" : "a", value.type_name()));
}

Result<void> Reader::on_unknown(std::string_view key,
                                std::span<const std::string_view> known) const {
  const std::string nearest = did_you_mean(key, known);
  if (policy_ == UnknownKeys::Refuse) {
    return fail(fmt::format("unknown \"{}\"{}", key, nearest));
  }
  if (unknown_ != nullptr) {
    const std::string at = path();
    unknown_->push_back(
        fmt::format("{}{}{}: unknown, ignored{}", at, at.empty() ? "" : ".", key, nearest));
  }
  return {};
}

bool is_empty(const Value& value) {
  switch (value.type()) {
    case Value::value_t::boolean:
      return !value.get<bool>();
    case Value::value_t::number_integer:
    case Value::value_t::number_unsigned:
    case Value::value_t::number_float:
      return value == 0;
    case Value::value_t::string:
      return value.get_ref<const std::string&>().empty();
    default:
      return value.empty();
  }
}

std::size_t find_name(std::string_view key, std::span<const std::string_view> names) {
  const auto found = std::ranges::find_if(
      names, [&](std::string_view name) { return equal_ignoring_case(name, key); });
  return static_cast<std::size_t>(found - names.begin());
}

Result<void> Codec<bool>::decode(const Value& value, const Reader& reader, bool& out) {
  if (!value.is_boolean()) return reader.fail_expected("true or false", value);
  out = value.get<bool>();
  return {};
}

Result<void> Codec<std::string>::decode(const Value& value, const Reader& reader,
                                        std::string& out) {
  if (!value.is_string()) return reader.fail_expected("text (in quotes)", value);
  out = value.get_ref<const std::string&>();
  return {};
}

Result<std::int64_t> whole_number(const Value& value, const Reader& reader, std::int64_t min,
                                  std::int64_t max) {
  std::int64_t number = 0;
  if (value.is_number_unsigned()) {
    const auto large = value.get<std::uint64_t>();
    if (large > static_cast<std::uint64_t>(max)) {
      return reader.fail(fmt::format("{} is more than {}", large, max));
    }
    number = static_cast<std::int64_t>(large);
  } else if (value.is_number_integer()) {
    number = value.get<std::int64_t>();
  } else if (is_whole_float(value)) {
    number = static_cast<std::int64_t>(value.get<double>());
  } else {
    return reader.fail_expected("a whole number", value);
  }
  if (number > max) return reader.fail(fmt::format("{} is more than {}", number, max));
  if (number < min) return reader.fail(fmt::format("{} is less than {}", number, min));
  return number;
}

Result<std::uint64_t> whole_number(const Value& value, const Reader& reader, std::uint64_t max) {
  std::uint64_t number = 0;
  if (value.is_number_unsigned()) {
    number = value.get<std::uint64_t>();
  } else if (value.is_number_integer() || is_whole_float(value)) {
    const auto with_sign = value.is_number_integer()
                               ? value.get<std::int64_t>()
                               : static_cast<std::int64_t>(value.get<double>());
    if (with_sign < 0) return reader.fail(fmt::format("{} is less than 0", with_sign));
    number = static_cast<std::uint64_t>(with_sign);
  } else {
    return reader.fail_expected("a whole number", value);
  }
  if (number > max) return reader.fail(fmt::format("{} is more than {}", number, max));
  return number;
}

}  // namespace skrei::json
