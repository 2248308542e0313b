// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

namespace skrei::log {

enum class Level { Debug, Info, Warn, Error };

std::string_view to_string(Level level);

/// One named value beside the message: `log::info("job accepted", {{"job", id.str()}});`
struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view name, std::string text) : key(name), value(std::move(text)) {}
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(text) {}
  template <class T>
    requires(!std::is_convertible_v<T, std::string_view>)
  Field(std::string_view name, const T& anything) : key(name), value(fmt::format("{}", anything)) {}
};

using Fields = std::initializer_list<Field>;

/// Receives each record at or above the threshold. Called from any thread; must be thread-safe.
using Sink = std::function<void(Level, std::string_view message, std::span<const Field>)>;

/// Installs where records go; the one process-wide setting. Call before threads start.
/// Without a sink, warnings and errors go to stderr as plain lines.
void set_sink(Sink sink, Level threshold);

bool enabled(Level level);
void write(Level level, std::string_view message, Fields fields);

inline void debug(std::string_view message, Fields fields = {}) {
  if (enabled(Level::Debug)) write(Level::Debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  if (enabled(Level::Info)) write(Level::Info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
  write(Level::Warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::Error, message, fields);
}

}  // namespace skrei::log
