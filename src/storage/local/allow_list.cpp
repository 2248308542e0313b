// SPDX-License-Identifier: Apache-2.0
#include "storage/local/allow_list.hpp"

#include <algorithm>

#include <fnmatch.h>

namespace skrei::storage::local {
namespace {

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) parts.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view path) {
  const std::vector<std::string> pattern = parts_of(glob);
  const std::vector<std::string> parts = parts_of(path);
  // reach[j]: the pattern so far matches the first j parts.
  std::vector<bool> reach(parts.size() + 1, false);
  reach[0] = true;
  for (const std::string& piece : pattern) {
    std::vector<bool> next(parts.size() + 1, false);
    if (piece == "**") {
      bool any = false;
      for (std::size_t j = 0; j <= parts.size(); ++j) {
        any = any || reach[j];
        next[j] = any;
      }
    } else {
      for (std::size_t j = 0; j < parts.size(); ++j) {
        next[j + 1] = reach[j] && ::fnmatch(piece.c_str(), parts[j].c_str(), FNM_PATHNAME) == 0;
      }
    }
    reach = std::move(next);
  }
  return reach.back();
}

Result<AllowList> AllowList::parse(const std::vector<std::string>& entries) {
  AllowList list;
  for (std::string_view entry : entries) {
    const std::string_view whole = entry;
    Access access = Access::ReadOnly;
    if (const std::size_t colon = entry.rfind(':'); colon != std::string_view::npos) {
      const std::string_view suffix = entry.substr(colon + 1);
      if (suffix != "ro" && suffix != "rw") {
        return fail(Code::InvalidArgument,
                    "allowed local path \"{}\": what follows the colon is neither ro nor rw",
                    to_valid_utf8(whole));
      }
      if (suffix == "rw") access = Access::ReadWrite;
      entry = entry.substr(0, colon);
    }
    if (!entry.starts_with('/')) {
      return fail(Code::InvalidArgument, "allowed local path \"{}\": is not absolute",
                  to_valid_utf8(whole));
    }
    list.entries_.push_back({std::string(entry), access});
  }
  return list;
}

Result<void> AllowList::check(std::string_view path, Access access) const {
  bool readable = false;
  for (const Allowed& entry : entries_) {
    if (!glob_matches(entry.glob, path)) continue;
    if (access == Access::ReadOnly || entry.access == Access::ReadWrite) return {};
    readable = true;
  }
  if (readable) {
    return fail(Error{
        Code::PermissionDenied,
        fmt::format("local path \"{}\": this node allows reading it only", to_valid_utf8(path)),
        "drop ReadWrite, or list the path with :rw in "
        "Compute.AllowListedLocalPaths"});
  }
  return fail(
      Error{Code::PermissionDenied,
            fmt::format("local path \"{}\": this node does not allow it", to_valid_utf8(path)),
            "list the path in Compute.AllowListedLocalPaths of the node"});
}

}  // namespace skrei::storage::local
