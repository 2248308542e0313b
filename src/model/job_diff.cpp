// SPDX-License-Identifier: Apache-2.0
#include "model/job_diff.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"
#include "model/validate.hpp"

namespace skrei::model {
namespace {

constexpr std::size_t kValueBytesMax = 200;
/// Of a value that is cut, so much is shown before the first byte that differs.
constexpr std::size_t kLeadBytes = 40;

Job spec_of(const Job& job) {
  Job spec = job;
  spec.id = {};
  spec.state = {};
  spec.version = spec.revision = 0;
  spec.create_time = spec.modify_time = {};
  std::erase_if(spec.meta,
                [](const auto& item) { return item.first.starts_with(kReservedMetaPrefix); });
  return spec;
}

std::string text_of(const json::Value* value) {
  return value == nullptr ? "(none)" : json::dump(*value);
}

/// The part of `text` around the place `differs_at`.
std::string cut(const std::string& text, std::size_t differs_at) {
  if (text.size() <= kValueBytesMax) return text;
  const std::size_t begin = differs_at > kLeadBytes ? differs_at - kLeadBytes : 0;
  const std::string_view part = std::string_view(text).substr(begin, kValueBytesMax);
  const bool is_end = begin + part.size() == text.size();
  return fmt::format("{}{}{} ({} bytes)", begin > 0 ? "…" : "", to_valid_utf8(part),
                     is_end ? "" : "…", text.size());
}

class Changes {
 public:
  void compare(const std::string& path, const json::Value* from, const json::Value* to) {
    if (from != nullptr && to != nullptr) {
      if (*from == *to) return;
      if (from->is_object() && to->is_object()) return compare_objects(path, *from, *to);
      if (from->is_array() && to->is_array()) return compare_arrays(path, *from, *to);
    }
    const std::string before = text_of(from);
    const std::string after = text_of(to);
    const auto differ = std::ranges::mismatch(before, after);
    const auto at = static_cast<std::size_t>(differ.in1 - before.begin());
    if (!lines_.empty()) lines_ += '\n';
    lines_ += fmt::format("{}: {} -> {}", path, cut(before, at), cut(after, at));
  }
  std::string lines() && { return std::move(lines_); }

 private:
  static const json::Value* find(const json::Value& object, const std::string& key) {
    const auto item = object.find(key);
    return item == object.end() ? nullptr : &*item;
  }

  /// `Env.A`; keys that would not read as one word are quoted: `Meta["a b"]`.
  static std::string join(const std::string& path, const std::string& key) {
    const bool is_word = !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-';
    });
    if (!is_word) return fmt::format("{}[{}]", path, json::dump(json::Value(key)));
    return path.empty() ? key : fmt::format("{}.{}", path, key);
  }

  void compare_objects(const std::string& path, const json::Value& from, const json::Value& to) {
    std::set<std::string> keys;
    for (const json::Value* object : {&from, &to}) {
      for (auto item = object->begin(); item != object->end(); ++item)
        keys.insert(item.key());
    }
    for (const std::string& key : keys)
      compare(join(path, key), find(from, key), find(to, key));
  }

  void compare_arrays(const std::string& path, const json::Value& from, const json::Value& to) {
    for (std::size_t i = 0; i < std::max(from.size(), to.size()); ++i) {
      compare(fmt::format("{}[{}]", path, i), i < from.size() ? &from[i] : nullptr,
              i < to.size() ? &to[i] : nullptr);
    }
  }

  std::string lines_;
};

}  // namespace

bool same_spec(const Job& a, const Job& b) {
  return spec_of(a) == spec_of(b);
}

std::string describe_changes(const Job& from, const Job& to) {
  const json::Value before = to_json(spec_of(from));
  const json::Value after = to_json(spec_of(to));
  Changes changes;
  changes.compare("", &before, &after);
  return std::move(changes).lines();
}

}  // namespace skrei::model
