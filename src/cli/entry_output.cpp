// SPDX-License-Identifier: Apache-2.0
#include "cli/entry_output.hpp"

#include "cli/text.hpp"
#include "json/json.hpp"

namespace skrei::cli {

Row entry_row(const ContentEntry& entry, OutputFormat format) {
  const bool for_people = format == OutputFormat::Table || format == OutputFormat::Wide;
  std::string size;
  if (entry.kind == "file") {
    size = for_people ? size_text(entry.size) : std::to_string(entry.size);
  }
  std::string name = entry.name;
  if (for_people && entry.kind == "folder") name += '/';
  if (entry.kind == "symlink") name += " -> " + entry.link_target;
  return {.id = entry.cid, .cells = {entry.kind, size, entry.cid, name}};
}

json::Value entry_json(const ContentEntry& entry) {
  json::Value value = {{"Name", entry.name},
                       {"Path", entry.path},
                       {"Type", entry.kind},
                       {"CID", entry.cid},
                       {"Size", entry.size}};
  if (entry.kind == "symlink") value["Target"] = entry.link_target;
  if (entry.complete) value["Complete"] = *entry.complete;
  return value;
}

}  // namespace skrei::cli
