// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace skrei::config {

/// What a setting's text means. Empty text is "unset" where `may_be_empty`.
enum class Kind {
  Text,
  Bool,
  Whole,      ///< A whole number.
  Time,       ///< "30s", "1h30m".
  Size,       ///< "10MiB", "1GB".
  Cpu,        ///< "500m", "2".
  CpuShare,   ///< As Cpu, or "80%" of what the machine has.
  SizeShare,  ///< As Size, or "80%".
  GpuShare,   ///< A whole number, or "100%".
  Word,       ///< One of `choices`.
  List,       ///< "a,b,c"; in files a list.
  Map,        ///< "k=v,k2=v2"; in files a map.
};

/// Client settings may stand in a project's file; node settings may not.
enum class Scope { Client, Node };

/// One setting: the only place where its key, meaning and default are told.
struct Setting {
  std::string_view key;
  Kind kind = Kind::Text;
  std::string_view initial;
  std::string_view meaning;
  /// Bounds, in the kind's unit: numbers, nanoseconds, bytes.
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  /// For Word: the words with a bar between them.
  std::string_view choices = {};
  bool may_be_empty = false;
  /// The flag of `serve` (or of all commands) that sets it, if there is one.
  std::string_view flag = {};
  Scope scope = Scope::Node;
};

/// All settings, ascending by key.
std::span<const Setting> settings();

/// By key in any case, or nullptr.
const Setting* find_setting(std::string_view key);

/// InvalidArgument for a key that is none: names the nearest right one, or says that the key is one
/// of Bacalhau v1.9.3 that Skrei does not have.
Error unknown_key(std::string_view key);

/// Keys of Bacalhau v1.9.3 that a file may hold without effect here: neither a protection that the
/// owner counts on nor anything that would be missed.
bool is_harmless_foreign_key(std::string_view key);

/// "SKREI_API_HOST" for "API.Host"; `prefix` is "SKREI" or "BACALHAU".
std::string environment_name(std::string_view prefix, std::string_view key);

/// "duration", "size or percent": what a value of that kind is.
std::string_view kind_text(Kind kind);
/// "from 1s", "1 to 65535", "debug, info, warn, error"; empty without bounds.
std::string bounds_text(const Setting& setting);

/// docs/reference/settings.md.
std::string reference_page();

}  // namespace skrei::config
