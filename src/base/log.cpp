// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <cstdio>
#include <utility>

namespace skrei::log {
namespace {

struct Settings {
  Sink sink;
  Level threshold = Level::Warn;
};

Settings& settings() {
  static Settings instance;
  return instance;
}

void write_plain(Level level, std::string_view message, std::span<const Field> fields) {
  std::string line = fmt::format("{}: {}", to_string(level), message);
  for (const Field& field : fields)
    line += fmt::format(" {}={}", field.key, field.value);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::Debug:
      return "debug";
    case Level::Info:
      return "info";
    case Level::Warn:
      return "warn";
    case Level::Error:
      return "error";
  }
  return "error";
}

void set_sink(Sink sink, Level threshold) {
  settings() = Settings{std::move(sink), threshold};
}

bool enabled(Level level) {
  return level >= settings().threshold;
}

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  const std::span<const Field> view(fields.begin(), fields.size());
  if (settings().sink) {
    settings().sink(level, message, view);
  } else {
    write_plain(level, message, view);
  }
}

}  // namespace skrei::log
