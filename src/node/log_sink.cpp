// SPDX-License-Identifier: Apache-2.0
#include "node/log_sink.hpp"

#include <memory>
#include <string>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "base/bytes.hpp"
#include "json/json.hpp"

namespace skrei::node {
namespace {

spdlog::level::level_enum level_of(log::Level level) {
  switch (level) {
    case log::Level::Debug:
      return spdlog::level::debug;
    case log::Level::Info:
      return spdlog::level::info;
    case log::Level::Warn:
      return spdlog::level::warn;
    case log::Level::Error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// The rest of a JSON line; the pattern gives its beginning: {"time":…,"level":…,"msg":
std::string json_rest(std::string_view message, std::span<const log::Field> fields) {
  std::string line = json::dump(json::Value(std::string(message)));
  for (const log::Field& field : fields) {
    line += fmt::format(",{}:{}", json::dump(json::Value(std::string(field.key))),
                        json::dump(json::Value(field.value)));
  }
  return line + "}";
}

std::string readable(std::string_view message, std::span<const log::Field> fields) {
  std::string line = to_valid_utf8(message);
  for (const log::Field& field : fields) {
    line += fmt::format(" {}={}", field.key, to_valid_utf8(field.value));
  }
  return line;
}

}  // namespace

void install_log(LogFormat format, log::Level threshold) {
  auto logger = spdlog::stderr_color_mt("skrei");
  logger->set_level(level_of(threshold));
  logger->flush_on(spdlog::level::debug);
  if (format == LogFormat::Json) {
    logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","msg":%v)",
                        spdlog::pattern_time_type::utc);
  } else {
    logger->set_pattern("%H:%M:%S.%e %^%-5!l%$ %v");
  }
  log::set_sink(
      [logger, format](log::Level level, std::string_view message,
                       std::span<const log::Field> fields) {
        logger->log(
            level_of(level), "{}",
            format == LogFormat::Json ? json_rest(message, fields) : readable(message, fields));
      },
      threshold);
}

}  // namespace skrei::node
