// SPDX-License-Identifier: Apache-2.0
#include "config/effective.hpp"

#include <algorithm>
#include <array>

#include "config/values.hpp"
#include "json/json.hpp"

namespace skrei::config {
namespace {

constexpr std::string_view kStars = "********";

/// The texts were checked when they were loaded; one that does not parse all the same is shown.
json::Value typed(const Explanation& setting) {
  const std::string& text = setting.value;
  switch (setting.setting->kind) {
    case Kind::Bool:
      if (const auto value = parse_bool(text)) return *value;
      break;
    case Kind::Whole:
      if (const auto value = parse_whole(text)) return *value;
      break;
    case Kind::List:
      if (const auto value = parse_list(text)) return *value;
      break;
    case Kind::Map:
      if (const auto value = parse_map(text)) {
        json::Value map = json::Value::object();
        for (const auto& [key, entry] : *value)
          map[key] = entry;
        return map;
      }
      break;
    default:
      break;
  }
  return text;
}

}  // namespace

bool is_secret(std::string_view key) {
  constexpr std::array<std::string_view, 4> kSecrets = {"Token", "Password", "Secret", "Key"};
  return std::ranges::any_of(kSecrets, [&](std::string_view word) { return key.ends_with(word); });
}

json::Value effective_json(const std::vector<Explanation>& settings) {
  json::Value tree = json::Value::object();
  for (const Explanation& setting : settings) {
    std::string_view key = setting.setting->key;
    json::Value* place = &tree;
    while (true) {
      const std::size_t dot = key.find('.');
      place = &(*place)[std::string(key.substr(0, dot))];
      if (dot == std::string_view::npos) break;
      key.remove_prefix(dot + 1);
    }
    const bool hidden = is_secret(setting.setting->key) && !setting.value.empty();
    *place = hidden ? json::Value(kStars) : typed(setting);
  }
  return tree;
}

json::Value explained_json(const std::vector<Explanation>& settings) {
  json::Value list = json::Value::array();
  for (const Explanation& setting : settings) {
    const bool hidden = is_secret(setting.setting->key) && !setting.value.empty();
    list.push_back({{"Key", std::string(setting.setting->key)},
                    {"Value", hidden ? std::string(kStars) : setting.value},
                    {"Origin", setting.origin},
                    {"Meaning", std::string(setting.setting->meaning)}});
  }
  return list;
}

}  // namespace skrei::config
