// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skrei::http {

/// ASCII case-insensitive comparison, as header names and tokens want it.
bool iequals(std::string_view a, std::string_view b);

/// Without the spaces and tabs at both ends.
std::string_view trim_ows(std::string_view text);

/// Header fields in the order they came or are to be sent. Names compare without case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// The first field of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  bool contains(std::string_view name) const { return get(name).has_value(); }
  /// Whether a comma-separated list field holds `token` ("Connection: keep-alive, Upgrade").
  bool has_token(std::string_view name, std::string_view token) const;

  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string_view value);
  void add(std::string_view name, std::string_view value);
  void erase(std::string_view name);

  std::size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

  bool operator==(const Headers&) const = default;

 private:
  std::vector<Field> fields_;
};

/// Whether `value` may stand in a header: no control character but tab, so that nobody can smuggle
/// a second header in.
bool is_valid_header_value(std::string_view value);

}  // namespace skrei::http
