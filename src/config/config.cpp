// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/nearest_word.hpp"
#include "config/values.hpp"
#include "json/yaml.hpp"

namespace skrei::config {

// Lays one source over the other and collects what is wrong.
class Loader {
 public:
  Loader() {
    for (const Setting& setting : settings()) {
      config_.held_[setting.key] = {std::string(setting.initial), Layer::Default, "default"};
    }
  }

  void add_file(const File& file, Layer layer) {
    auto tree = json::parse_yaml(file.text, {.bytes_max = kFileBytesMax, .values_max = 20'000});
    if (!tree) {
      error(fmt::format("{}: {}", file.name, tree.error().message));
    } else if (tree->is_object()) {
      add_tree(file, layer, "", *tree);
    } else if (!tree->is_null()) {
      error(fmt::format("{}: a configuration file is a map of settings", file.name));
    }
  }

  void add_environment(const model::StringMap& environment) {
    // The second name is that of v1.9.3; the first wins.
    for (const std::string_view prefix : {"BACALHAU", "SKREI"}) {
      add_variable(environment, fmt::format("{}_DIR", prefix), *find_setting("DataDir"));
      for (const Setting& setting : settings()) {
        add_variable(environment, environment_name(prefix, setting.key), setting);
      }
    }
    warn_of_typos(environment);
  }

  void add_flags(const Sources& sources) {
    std::map<std::string_view, std::string> given;
    for (const auto& [key, text] : sources.flags) {
      const Setting* setting = find_setting(key);
      SKREI_ASSERT(setting != nullptr);
      given[setting->key] = fmt::format("flag {}", setting->flag);
      put(*setting, text, Layer::Flag, given[setting->key]);
    }
    for (const std::string& assignment : sources.assignments) {
      const std::size_t equals = assignment.find('=');
      const std::string_view key = std::string_view(assignment).substr(0, equals);
      const Setting* setting = find_setting(key);
      if (setting == nullptr) {
        error(fmt::format("-c {}: {}", assignment, unknown_key(key).message));
        continue;
      }
      if (given.contains(setting->key) && given[setting->key].starts_with("flag -")) {
        error(fmt::format("{} is given twice: by {} and by -c; leave one out", setting->key,
                          given[setting->key]));
        continue;
      }
      const std::string text = equals == std::string::npos ? "true" : assignment.substr(equals + 1);
      put(*setting, text, Layer::Flag, fmt::format("-c {}", assignment));
    }
  }

  Result<Config> finish() {
    if (!errors_.empty()) return fail(Error{Code::InvalidArgument, errors_, hint_});
    return std::move(config_);
  }

  static constexpr std::size_t kFileBytesMax = 1024 * 1024;

 private:
  void error(std::string_view message) {
    if (!errors_.empty()) errors_ += '\n';
    errors_ += message;
  }

  void put(const Setting& setting, std::string text, Layer layer, std::string origin) {
    const auto checked = check_value(setting, text);
    if (!checked) {
      error(fmt::format("{} ({})", checked.error().message, origin));
      return;
    }
    config_.held_[setting.key] = {std::move(text), layer, std::move(origin)};
  }

  void add_tree(const File& file, Layer layer, const std::string& prefix, const json::Value& tree) {
    for (auto item = tree.begin(); item != tree.end(); ++item) {
      const std::string key = prefix.empty() ? item.key() : prefix + "." + item.key();
      const Setting* setting = find_setting(key);
      if (setting == nullptr) {
        add_unknown(file, layer, key, item.value());
      } else if (layer == Layer::ProjectFile && setting->scope == Scope::Node) {
        config_.warnings_.push_back(
            fmt::format("{}: {} is ignored; a project's file may set only what commands use",
                        file.name, setting->key));
      } else if (auto text = text_of(*setting, item.value()); text) {
        put(*setting, *std::move(text), layer, file.name);
      } else {
        error(fmt::format("{}: {}", file.name, text.error().message));
      }
    }
  }

  void add_unknown(const File& file, Layer layer, const std::string& key,
                   const json::Value& value) {
    const bool is_group = std::ranges::any_of(settings(), [&](const Setting& setting) {
      return setting.key.size() > key.size() && setting.key[key.size()] == '.' &&
             equal_ignoring_case(setting.key.substr(0, key.size()), key);
    });
    if (value.is_object() && !value.empty()) {
      add_tree(file, layer, key, value);
    } else if (is_group && (value.is_null() || value.is_object())) {
      return;
    } else if (is_harmless_foreign_key(key)) {
      config_.warnings_.push_back(fmt::format("{}: {} has no effect in Skrei", file.name, key));
    } else {
      const Error unknown = unknown_key(key);
      hint_ = unknown.hint;
      error(fmt::format("{}: {}", file.name, unknown.message));
    }
  }

  void add_variable(const model::StringMap& environment, const std::string& name,
                    const Setting& setting) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.empty()) return;
    put(setting, found->second, Layer::Environment, fmt::format("environment variable {}", name));
  }

  // Other SKREI_ names have other readers, so only what looks like a typo is told.
  void warn_of_typos(const model::StringMap& environment) {
    std::vector<std::string> names;
    for (const Setting& setting : settings()) {
      names.push_back(environment_name("SKREI", setting.key));
    }
    const std::vector<std::string_view> known(names.begin(), names.end());
    for (const auto& [name, value] : environment) {
      if (!name.starts_with("SKREI_") || name == "SKREI_DIR") continue;
      if (std::ranges::find(names, name) != names.end()) continue;
      if (name.size() < 12) continue;
      const std::string_view nearest = nearest_word(name, known);
      const auto differ = nearest.size() > name.size() ? nearest.size() - name.size()
                                                       : name.size() - nearest.size();
      if (!nearest.empty() && differ <= 2) {
        config_.warnings_.push_back(fmt::format(
            "environment variable {} is not a setting; did you mean {}?", name, nearest));
      }
    }
  }

  Config config_;
  std::string errors_;
  std::string hint_;
};

Result<Config> Config::load(const Sources& sources) {
  Loader loader;
  if (sources.user_file) loader.add_file(*sources.user_file, Layer::UserFile);
  if (sources.project_file) loader.add_file(*sources.project_file, Layer::ProjectFile);
  for (const File& file : sources.given_files)
    loader.add_file(file, Layer::GivenFile);
  loader.add_environment(sources.environment);
  loader.add_flags(sources);
  return loader.finish();
}

Result<Explanation> Config::explain(std::string_view key) const {
  const Setting* setting = find_setting(key);
  if (setting == nullptr) return fail(unknown_key(key));
  const Held& value = held_.at(setting->key);
  return Explanation{setting, value.text, value.layer, value.origin};
}

std::vector<Explanation> Config::explain_all() const {
  std::vector<Explanation> result;
  for (const Setting& setting : settings()) {
    const Held& value = held_.at(setting.key);
    result.push_back({&setting, value.text, value.layer, value.origin});
  }
  return result;
}

const Config::Held& Config::held(std::string_view key, std::initializer_list<Kind> kinds) const {
  const Setting* setting = find_setting(key);
  SKREI_ASSERT(setting != nullptr);
  SKREI_ASSERT(std::ranges::find(kinds, setting->kind) != kinds.end());
  return held_.at(setting->key);
}

// What the readers below parse was checked by load().

const std::string& Config::text(std::string_view key) const {
  return held(key, {Kind::Text, Kind::Word, Kind::Cpu, Kind::Size}).text;
}
bool Config::flag(std::string_view key) const {
  return *parse_bool(held(key, {Kind::Bool}).text);
}
std::int64_t Config::whole(std::string_view key) const {
  return *parse_whole(held(key, {Kind::Whole}).text);
}
Duration Config::time(std::string_view key) const {
  return *parse_time_span(held(key, {Kind::Time}).text);
}
std::uint64_t Config::size(std::string_view key) const {
  return *parse_size(held(key, {Kind::Size}).text);
}
Share Config::share(std::string_view key) const {
  const std::string& value = held(key, {Kind::CpuShare, Kind::SizeShare, Kind::GpuShare}).text;
  return *parse_share(find_setting(key)->kind, value);
}
std::vector<std::string> Config::list(std::string_view key) const {
  return *parse_list(held(key, {Kind::List}).text);
}
model::StringMap Config::map(std::string_view key) const {
  return *parse_map(held(key, {Kind::Map}).text);
}

}  // namespace skrei::config
