// SPDX-License-Identifier: Apache-2.0
#include "config/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/nearest_word.hpp"
#include "json/json.hpp"
#include "model/resources.hpp"
#include "model/time_text.hpp"

namespace skrei::config {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string bound_text(Kind kind, std::int64_t bound) {
  if (kind == Kind::Time) return model::format_duration(Duration(bound));
  if (kind == Kind::Size) return model::format_byte_size(static_cast<std::uint64_t>(bound));
  return std::to_string(bound);
}

Result<void> check_bounds(const Setting& setting, std::int64_t number) {
  if (number < setting.min) {
    return fail(Code::InvalidArgument, "must be at least {}",
                bound_text(setting.kind, setting.min));
  }
  if (number > setting.max) {
    return fail(Code::InvalidArgument, "must be at most {}", bound_text(setting.kind, setting.max));
  }
  return {};
}

Result<void> check_word(const Setting& setting, std::string_view text) {
  const auto words = split(setting.choices, '|');
  if (std::ranges::find(words, text) != words.end()) return {};
  std::string listed;
  for (const std::string_view word : words) {
    if (!listed.empty()) listed += word == words.back() ? " or " : ", ";
    listed += word;
  }
  return fail(Code::InvalidArgument, "\"{}\" is not {}{}", text, listed, did_you_mean(text, words));
}

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return fail(result.error());
  return {};
}

Result<void> check_kind(const Setting& setting, std::string_view text) {
  switch (setting.kind) {
    case Kind::Text:
      if (text.contains('\0')) return fail(Code::InvalidArgument, "holds a NUL byte");
      return {};
    case Kind::Bool:
      return without_value(parse_bool(text));
    case Kind::Whole: {
      TRY_ASSIGN(const std::int64_t number, parse_whole(text));
      return check_bounds(setting, number);
    }
    case Kind::Time: {
      TRY_ASSIGN(const Duration time, parse_time_span(text));
      return check_bounds(setting, time.count());
    }
    case Kind::Size: {
      TRY_ASSIGN(const std::uint64_t bytes, parse_size(text));
      const auto most = static_cast<std::uint64_t>(setting.max);
      return check_bounds(setting, static_cast<std::int64_t>(std::min(bytes, most)));
    }
    case Kind::Cpu:
      return without_value(model::parse_cpu(text));
    case Kind::CpuShare:
    case Kind::SizeShare:
    case Kind::GpuShare:
      return without_value(parse_share(setting.kind, text));
    case Kind::Word:
      return check_word(setting, text);
    case Kind::List:
      return without_value(parse_list(text));
    case Kind::Map:
      return without_value(parse_map(text));
  }
  return {};
}

// A scalar of a file as its text; lists and maps have none.
Result<std::string> scalar_text(const json::Value& value) {
  if (value.is_null()) return std::string();
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_number() || value.is_boolean()) return json::dump(value);
  return fail(Code::InvalidArgument, "expected one value, got a {}",
              value.is_array() ? "list" : "map");
}

Result<std::string> list_text(const json::Value& value) {
  std::string result;
  for (const json::Value& item : value) {
    TRY_ASSIGN(const std::string part, scalar_text(item));
    if (part.contains(',')) return fail(Code::InvalidArgument, "\"{}\" holds a comma", part);
    result += result.empty() ? part : "," + part;
  }
  return result;
}

Result<std::string> map_text(const json::Value& value) {
  std::string result;
  for (auto item = value.begin(); item != value.end(); ++item) {
    TRY_ASSIGN(const std::string part, scalar_text(item.value()));
    if (part.contains(',')) return fail(Code::InvalidArgument, "\"{}\" holds a comma", part);
    result += fmt::format("{}{}={}", result.empty() ? "" : ",", item.key(), part);
  }
  return result;
}

}  // namespace

std::uint64_t Share::of(std::uint64_t total) const {
  if (!percent) return amount;
  return static_cast<std::uint64_t>(std::floor(static_cast<double>(total) * *percent / 100.0));
}

Result<bool> parse_bool(std::string_view text) {
  const std::string word = ascii_lower(trim(text));
  if (word == "true" || word == "1" || word == "t") return true;
  if (word == "false" || word == "0" || word == "f") return false;
  return fail(Code::InvalidArgument, "\"{}\" is neither true nor false", text);
}

Result<std::int64_t> parse_whole(std::string_view text) {
  const std::string_view digits = trim(text);
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (digits.empty() || error != std::errc() || stop != end) {
    return fail(Code::InvalidArgument, "\"{}\" is not a whole number", text);
  }
  return number;
}

Result<Duration> parse_time_span(std::string_view text) {
  return model::parse_duration(trim(text));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  if (trim(text).empty()) return 0;
  return model::parse_byte_size(text);
}

Result<Share> parse_share(Kind kind, std::string_view text) {
  const std::string_view value = trim(text);
  if (value.ends_with('%')) {
    const std::string_view digits = trim(value.substr(0, value.size() - 1));
    double percent = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, percent);
    if (digits.empty() || error != std::errc() || stop != end || !(percent >= 0) || percent > 100) {
      return fail(Code::InvalidArgument, "\"{}\" is not a share between 0% and 100%", text);
    }
    return Share{.percent = percent};
  }
  std::uint64_t amount = 0;
  if (kind == Kind::CpuShare) {
    TRY_ASSIGN(amount, model::parse_cpu(value));
  } else if (kind == Kind::SizeShare) {
    TRY_ASSIGN(amount, model::parse_byte_size(value));
  } else {
    TRY_ASSIGN(amount, model::parse_gpu(value));
  }
  return Share{.percent = std::nullopt, .amount = amount};
}

Result<std::vector<std::string>> parse_list(std::string_view text) {
  std::vector<std::string> result;
  if (trim(text).empty()) return result;
  for (const std::string_view part : split(text, ',')) {
    if (part.empty()) return fail(Code::InvalidArgument, "\"{}\" has an empty part", text);
    result.emplace_back(part);
  }
  return result;
}

Result<model::StringMap> parse_map(std::string_view text) {
  model::StringMap result;
  if (trim(text).empty()) return result;
  for (const std::string_view part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return fail(Code::InvalidArgument, "\"{}\" is not of the form key=value", part);
    }
    const auto [entry, is_new] =
        result.emplace(trim(part.substr(0, equals)), trim(part.substr(equals + 1)));
    if (!is_new) return fail(Code::InvalidArgument, "\"{}\" is there twice", entry->first);
  }
  return result;
}

Result<void> check_value(const Setting& setting, std::string_view text) {
  if (trim(text).empty()) {
    if (setting.may_be_empty) return {};
    return fail(Code::InvalidArgument, "{}: is empty", setting.key);
  }
  return with_context(check_kind(setting, text), setting.key);
}

Result<std::string> text_of(const Setting& setting, const json::Value& value) {
  Result<std::string> text;
  if (setting.kind == Kind::List && value.is_array()) {
    text = list_text(value);
  } else if (setting.kind == Kind::Map && value.is_object()) {
    text = map_text(value);
  } else {
    text = scalar_text(value);
  }
  return with_context(std::move(text), setting.key);
}

}  // namespace skrei::config
