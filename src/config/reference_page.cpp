// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "config/table.hpp"
#include "model/resources.hpp"
#include "model/time_text.hpp"

namespace skrei::config {
namespace {

std::string number_text(Kind kind, std::int64_t number) {
  if (kind == Kind::Time) return model::format_duration(Duration(number));
  if (kind == Kind::Size) return model::format_byte_size(static_cast<std::uint64_t>(number));
  return std::to_string(number);
}

}  // namespace

std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::Text:
      return "text";
    case Kind::Bool:
      return "true or false";
    case Kind::Whole:
      return "whole number";
    case Kind::Time:
      return "duration";
    case Kind::Size:
      return "size";
    case Kind::Cpu:
      return "cores";
    case Kind::CpuShare:
      return "cores or percent";
    case Kind::SizeShare:
      return "size or percent";
    case Kind::GpuShare:
      return "number or percent";
    case Kind::Word:
      return "word";
    case Kind::List:
      return "list";
    case Kind::Map:
      return "map";
  }
  return "";
}

std::string bounds_text(const Setting& setting) {
  if (setting.kind == Kind::Word) {
    std::string words(setting.choices);
    for (std::size_t at = words.find('|'); at != std::string::npos; at = words.find('|')) {
      words.replace(at, 1, ", ");
    }
    return words;
  }
  const bool has_bounds =
      setting.kind == Kind::Whole || setting.kind == Kind::Time || setting.kind == Kind::Size;
  if (!has_bounds) return "";
  const std::string min = number_text(setting.kind, setting.min);
  if (setting.max == std::numeric_limits<std::int64_t>::max()) return fmt::format("from {}", min);
  return fmt::format("{} to {}", min, number_text(setting.kind, setting.max));
}

std::string reference_page() {
  std::string page =
      "# Settings\n\n"
      "Made from the table in `src/config/table.cpp` and compared with it by a test; "
      "`skrei config list` shows what holds.\n\n"
      "A value comes from the first of these that has it: a flag (`-c KEY=VALUE` or its own), an "
      "environment\nvariable, a file given with `-c FILE`, the project's file, the user's file, "
      "the "
      "default. The environment\nvariable of `API.Host` is `SKREI_API_HOST` (`BACALHAU_API_HOST` "
      "is "
      "read too). Keys may be written in any\ncase. In variables and flags lists are written "
      "`a,b`, maps `k=v,l=w`. Settings marked with * may stand in a\nproject's file.\n\n"
      "| key | kind | default | bounds | flag | meaning |\n"
      "|---|---|---|---|---|---|\n";
  for (const Setting& setting : settings()) {
    const std::string initial = setting.initial.empty() ? "" : fmt::format("`{}`", setting.initial);
    const std::string flag = setting.flag.empty() ? "" : fmt::format("`{}`", setting.flag);
    page += fmt::format("| `{}`{} | {} | {} | {} | {} | {} |\n", setting.key,
                        setting.scope == Scope::Client ? " *" : "", kind_text(setting.kind),
                        initial, bounds_text(setting), flag, setting.meaning);
  }
  return page;
}

}  // namespace skrei::config
