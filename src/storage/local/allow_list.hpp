// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/input_source.hpp"

namespace skrei::storage::local {

/// Whether `path` matches a glob: `*` and `?` within one part of the path, `**` across parts, `[…]`
/// sets; "/data/**" matches "/data" too. All of the path must match.
bool glob_matches(std::string_view glob, std::string_view path);

/// Host paths that jobs may name: globs, each "glob[:ro|:rw]", read-only unless it says rw.
class AllowList {
 public:
  /// InvalidArgument if a glob is not absolute or its suffix is unknown.
  static Result<AllowList> parse(const std::vector<std::string>& entries);

  /// PermissionDenied, naming the path, if no entry allows this access.
  Result<void> check(std::string_view path, Access access) const;
  bool empty() const { return entries_.empty(); }

 private:
  struct Allowed {
    std::string glob;
    Access access;
  };
  std::vector<Allowed> entries_;
};

}  // namespace skrei::storage::local
